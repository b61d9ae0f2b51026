'use strict';
// The mission's performance-monitor.js. Beyond it, operations of the same name may overlap, failures are reported too, and
// what is measured is sent in batches that can never hold up, fill up or fail the application.

const { Outbox } = require('./outbox.cjs');

const NAME = 'operation_duration_ms';

class PerformanceMonitor {
  #outbox;
  #running = new Map();

  constructor(options = {}) {
    this.#outbox = new Outbox(options);
  }

  /** Starts a timer. */
  startTimer(operation) {
    const started = this.#running.get(operation) ?? [];
    started.push(performance.now());
    this.#running.set(operation, started);
  }

  /** Ends the timer that was last started for this operation. Gives its milliseconds, or null where none runs. */
  endTimer(operation) {
    const started = this.#running.get(operation);
    const start = started?.pop();
    if (started?.length === 0) this.#running.delete(operation);
    return start === undefined ? null : performance.now() - start;
  }

  /** Does `fn`, and reports how long it took and whether it failed. Its result and its error are passed on. */
  async measureOperation(operation, fn) {
    const start = performance.now();
    let outcome = 'error';
    try {
      const result = await fn();
      outcome = 'ok';
      return result;
    } finally {
      this.sendMetric(operation, performance.now() - start, outcome);
    }
  }

  /** Reports a duration in milliseconds. */
  sendMetric(operation, duration, outcome = 'ok') {
    this.postMetric({ name: NAME, value: duration, tags: { operation: wordOf(operation), outcome }, timestamp: Date.now() });
  }

  /** Puts a metric into the next batch. */
  postMetric(metric) {
    this.#outbox.add(metric);
  }

  /** Sends what waits. Says whether all of it has left. */
  async flush() {
    return this.#outbox.flush();
  }

  /** Sends what waits, once, and ends. To be awaited before `process.exit()`; a program that ends by itself needs nothing. */
  async close() {
    return this.#outbox.close();
  }

  /** How many metrics wait, were sent, and were lost. */
  get counts() {
    return this.#outbox.counts;
  }
}

/** The collector takes words of a program; whatever else is in a name becomes `_`. */
function wordOf(operation) {
  return String(operation).replace(/[^A-Za-z0-9_.:/-]/g, '_').slice(0, 64) || '_';
}

module.exports = { PerformanceMonitor };
