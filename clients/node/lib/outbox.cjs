'use strict';
// What waits to be sent to the collector: bounded, sent in batches, tried again for as long as there is room.

const LONGEST_PAUSE = 30_000;

class Outbox {
  #options;
  #waiting = [];
  #sent = 0;
  #lost = 0;
  #timer;
  #sending;
  #failures = 0;
  #warned = new Set();
  #atExit = () => this.#lastTime();

  constructor(options) {
    this.#options = {
      url: 'http://127.0.0.1:9097/v1/operations',
      token: undefined,
      maxBatch: 100,
      maxQueue: 1000,
      flushInterval: 1000,
      timeout: 2000,
      fetch: globalThis.fetch,
      warn: (text) => console.warn(text),
      ...options,
    };
    process.on('beforeExit', this.#atExit);
  }

  get counts() {
    return { waiting: this.#waiting.length, sent: this.#sent, lost: this.#lost };
  }

  add(metric) {
    this.#waiting.push(metric);
    this.#keepWithinBounds();
    const isFull = this.#waiting.length >= this.#options.maxBatch && this.#failures === 0;
    this.#wake(isFull ? 0 : this.#pause());
  }

  flush() {
    // Batches leave one after the other: a slow collector is not asked twice at once.
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0) this.#wake(this.#pause());
    });
    return this.#sending;
  }

  async close() {
    process.removeListener('beforeExit', this.#atExit);
    const done = await this.flush();
    clearTimeout(this.#timer);
    return done;
  }

  /** The event loop has nothing left to do. One try keeps it going, and a collector that is away does not. */
  #lastTime() {
    process.removeListener('beforeExit', this.#atExit);
    if (this.#waiting.length > 0) void this.flush();
  }

  #wake(millis) {
    if (this.#sending || (this.#timer && millis > 0)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, millis);
    // A program that is done does not wait for us.
    this.#timer.unref?.();
  }

  #pause() {
    return Math.min(this.#options.flushInterval * 2 ** this.#failures, LONGEST_PAUSE);
  }

  #keepWithinBounds() {
    const beyond = this.#waiting.length - this.#options.maxQueue;
    if (beyond > 0) {
      // The oldest go: what happens now matters more.
      this.#waiting.splice(0, beyond);
      this.#lost += beyond;
    }
  }

  async #sendAll() {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#options.maxBatch);
      if (!(await this.#send(batch))) return false;
    }
    return true;
  }

  /** Sends a batch. Says whether the next one may follow. */
  async #send(batch) {
    try {
      const answer = await this.#post(batch);
      if (answer.status === 429 || answer.status >= 500) throw new Error(`the collector answered ${answer.status}`);
      const said = await answer.json().catch(() => ({}));
      const taken = answer.ok ? (said.accepted ?? batch.length) : 0;
      this.#sent += taken;
      this.#lost += batch.length - taken;
      if (taken < batch.length) this.#warnOnce(`the collector refused some: ${said.error ?? said.errors?.[0]?.error ?? answer.status}`);
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#failures += 1;
      this.#waiting.unshift(...batch);
      this.#keepWithinBounds();
      this.#warnOnce(`operations cannot be sent: ${error.cause?.message || error.cause?.code || error.message}`);
      return false;
    }
  }

  #post(batch) {
    const { url, token, timeout, fetch } = this.#options;
    const headers = { 'Content-Type': 'application/json' };
    if (token) headers.Authorization = `Bearer ${token}`;
    return fetch(url, { method: 'POST', headers, body: JSON.stringify(batch), signal: AbortSignal.timeout(timeout) });
  }

  #warnOnce(text) {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    try {
      this.#options.warn(`watchbell: ${text}`);
    } catch {
      // Whoever is told may fail; the application does not.
    }
  }
}

module.exports = { Outbox };
