import type { Beacon, Item } from "./wire.js";

/** An action waits behind no more than this: a page that reports without end must not fill its own memory. */
const MOST_WAITING = 200;
/** As soon as so much waits, it is sent. */
const ENOUGH = 50;
/** Below what browsers take at once for a page that goes away (64 KiB), and what the collector takes. */
const LONGEST = 50_000;
/** Sending by itself happens no more often than this. */
const PAUSE_MS = 1000;

/** Items on their way: kept for a few seconds, sent together. */
export class Outbox {
  private waiting: Item[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sentAt = -PAUSE_MS;

  constructor(
    /** Without one everything is dropped: a page that is configured badly still is a page. */
    private readonly endpoint: string | undefined,
    private readonly envelope: Omit<Beacon, "items">,
    private readonly delayMs: number,
  ) {}

  add(item: Item): void {
    if (this.endpoint === undefined) return;
    // Of all others a page view has few, and they must not be lost behind actions.
    if (item.kind === "action" && this.waiting.length >= MOST_WAITING) return;
    this.waiting.push(item);
    if (this.waiting.length >= ENOUGH && performance.now() - this.sentAt >= PAUSE_MS) this.flush();
    this.timer ??= setTimeout(() => this.flush(), this.delayMs);
  }

  /** Sends what waits. What cannot be sent is lost: a page has better to do than to try again. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.endpoint === undefined || this.waiting.length === 0) return;
    const items = this.waiting;
    this.waiting = [];
    this.sentAt = performance.now();
    for (const body of this.bodies(items)) send(this.endpoint, body);
  }

  private *bodies(items: Item[]): Generator<string> {
    const size = (text: string): number => new TextEncoder().encode(text).length;
    let batch: Item[] = [];
    let length = 0;
    for (const item of items) {
      const own = size(JSON.stringify(item)) + 1;
      if (batch.length > 0 && length + own > LONGEST) {
        yield JSON.stringify({ ...this.envelope, items: batch });
        batch = [];
        length = 0;
      }
      batch.push(item);
      length += own;
    }
    yield JSON.stringify({ ...this.envelope, items: batch });
  }
}

/** A text is sent as `text/plain`, about which no browser asks the collector first. */
function send(endpoint: string, body: string): void {
  if (tried(() => navigator.sendBeacon(endpoint, body))) return;
  const post = (keepalive: boolean): Promise<unknown> =>
    fetch(endpoint, { method: "POST", body, keepalive, credentials: "omit" });
  tried(() => {
    // What may outlive its page is at most 64 KiB at a time. A page that stays can send more.
    void post(true)
      .catch(() => post(false))
      .catch(() => undefined);
    return true;
  });
}

function tried(send: () => boolean): boolean {
  try {
    return send();
  } catch {
    return false;
  }
}
