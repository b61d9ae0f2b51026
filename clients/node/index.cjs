'use strict';

const { createMonitoringMiddleware, monitoringMiddleware } = require('./lib/middleware.cjs');
const { PerformanceMonitor } = require('./lib/performance-monitor.cjs');

module.exports = { createMonitoringMiddleware, monitoringMiddleware, PerformanceMonitor };
