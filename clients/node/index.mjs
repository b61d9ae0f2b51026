import client from './index.cjs';

export const { createMonitoringMiddleware, monitoringMiddleware, PerformanceMonitor } = client;
export default client;
