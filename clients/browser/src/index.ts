/**
 * Tells Watchbell how pages fare: Web Vitals, load times, errors, actions and feedback.
 *
 * Nothing in here throws into the page, waits for the network, or keeps more than a bounded number of things. What is
 * sent says nothing about who somebody is: no address with its query, no text of an element, no cookie.
 */
import { onCLS, onFCP, onINP, onLCP, onTTFB, type MetricType } from "web-vitals";
import { navigation } from "./navigation.js";
import { Outbox } from "./outbox.js";
import { visitor } from "./visitor.js";
import { LONGEST_MESSAGE, LONGEST_PAGE, LONGEST_TEXT, named, type Fault, type Item } from "./wire.js";

export type { Beacon, Item } from "./wire.js";

/** An error that comes again and again is one error, and nobody has more opinions: no page view reports more than this. */
const MOST_ERRORS = 20;
const MOST_OPINIONS = 20;
const ACTION = "data-watchbell-action";

export interface Options {
  /** Where to send: `https://collect.example.org/v1/beacon`. */
  endpoint: string;
  /** The application, one of the collector's `services`. Its first one, where there is none. */
  service?: string;
  /** The share of page views that measure, from 0.01 to 1, or 0 for none. Errors, feedback and visits are always sent. */
  sample?: number;
  /** Which page this is, for applications whose address does not say it. Its path, where there is none. */
  page?: () => string;
  /** How long what happens waits for more, in milliseconds. */
  delayMs?: number;
}

/** The mission's class: made once for a page, it watches from then on. */
export class FrontendMonitoring {
  private readonly outbox: Outbox;
  private readonly measures: boolean;
  private readonly firstPage: string;
  private readonly stops: (() => void)[] = [];
  private readonly reported = new Set<string>();
  private slowest: MetricType | undefined;
  private errors = 0;
  private opinions = 0;

  constructor(private readonly options: Options) {
    const isOff = typeof options?.endpoint !== "string";
    const sample = Number(options?.sample ?? 1);
    const share = sample > 0 ? Math.min(1, Math.max(0.01, sample)) : 1;
    this.measures = !isOff && sample > 0 && Math.random() < share;
    this.firstPage = this.page();
    const service = options?.service === undefined ? {} : { service: String(options.service) };
    const envelope = { v: 1 as const, ...service, page: this.firstPage, share };
    this.outbox = new Outbox(isOff ? undefined : options.endpoint, envelope, options?.delayMs ?? 5000);
    if (isOff) return;
    quietly(() => this.setupPerformanceMonitoring());
    quietly(() => this.setupErrorTracking());
    quietly(() => this.setupUserAnalytics());
    // Last of all, so that what the others have to say when a page is left is there to be sent.
    this.listen(window, "visibilitychange", () => {
      if (document.visibilityState === "hidden") this.leave();
    });
    this.listen(window, "pagehide", () => this.leave());
  }

  /** Web Vitals, and how the page was loaded. */
  setupPerformanceMonitoring(): void {
    if (!this.measures || this.isSetUp("performance")) return;
    for (const on of [onLCP, onCLS, onFCP, onTTFB]) quietly(() => on((metric) => this.vital(metric)));
    // web-vitals 6 says the last word of INP when a page is hidden, and forgets interactions that it has not yet looked at
    // by then. It does look at them right afterwards, so we listen to every word, and send the last one.
    quietly(() => onINP((metric) => (this.slowest = metric), { reportAllChanges: true }));
    const loaded = (): void => {
      // The load event ends after those who listen to it.
      setTimeout(() => quietly(() => this.add(navigation())), 0);
    };
    if (document.readyState === "complete") loaded();
    else this.listen(window, "load", loaded);
  }

  /** Exceptions, rejected promises, and what could not be loaded. */
  setupErrorTracking(): void {
    if (this.isSetUp("errors")) return;
    // Capturing, because errors of resources do not bubble.
    this.listen(window, "error", (event) => this.failed(event), true);
    this.listen(window, "unhandledrejection", (event) => {
      const reason: unknown = (event as PromiseRejectionEvent).reason;
      this.error("rejection", reason instanceof Error ? reason.message : String(reason));
    });
  }

  /** That this browser is in use, and clicks on what has `data-watchbell-action`. */
  setupUserAnalytics(): void {
    if (this.isSetUp("analytics")) return;
    const id = visitor();
    if (id !== undefined) this.add({ kind: "visit", visitor: id });
    this.listen(document, "click", (event) => {
      const element = (event.target as Element | null)?.closest?.(`[${ACTION}]`);
      if (element) this.trackUserInteraction(element.getAttribute(ACTION) ?? "");
    });
  }

  /** Somebody did something. Of `data` nothing is sent: it is there so that calls of the mission's class stay as they are. */
  trackUserInteraction(action: string, data?: unknown): void {
    void data;
    if (this.measures) quietly(() => this.add({ kind: "action", action: named(action) }));
  }

  /** Somebody has an opinion: its kind (`bug`, `confusing`, `wish`), and their words. Sent at once. */
  feedback(kind: string, text?: string): void {
    quietly(() => {
      if (++this.opinions > MOST_OPINIONS) return;
      const words = text === undefined ? {} : { text: cut(text, LONGEST_TEXT) };
      this.add({ kind: "feedback", feedback: named(kind), ...words });
      this.outbox.flush();
    });
  }

  /** Sends what waits. */
  flush(): void {
    quietly(() => this.outbox.flush());
  }

  /** Sends what waits, and listens no more. */
  stop(): void {
    this.flush();
    for (const stop of this.stops.splice(0)) stop();
  }

  private leave(): void {
    if (this.slowest) this.vital(this.slowest);
    this.outbox.flush();
  }

  private vital(metric: MetricType): void {
    // A page that is hidden, shown and hidden again says some of them again. One page view counts once.
    if (this.reported.has(metric.id)) return;
    this.reported.add(metric.id);
    this.add({ kind: "vital", name: metric.name, value: Math.max(0, metric.value) });
  }

  private failed(event: Event): void {
    const target = event.target;
    if (target instanceof Element) {
      const source = target.getAttribute("src") ?? target.getAttribute("href") ?? "";
      this.error("resource", `${target.localName} could not be loaded`, source);
    } else if (event instanceof ErrorEvent) {
      this.error("javascript", event.message, event.filename, event.lineno, event.colno);
    }
  }

  private error(error: Fault, message: string, source?: string, line?: number, column?: number): void {
    if (++this.errors > MOST_ERRORS) return;
    const page = this.page();
    this.add({
      kind: "error",
      error,
      message: cut(message, LONGEST_MESSAGE),
      // Queries and fragments hold what is nobody's business.
      ...(source ? { file: cut(source.split(/[?#]/)[0] ?? "", LONGEST_MESSAGE) } : {}),
      ...(line ? { line } : {}),
      ...(column ? { column } : {}),
      ...(page === this.firstPage ? {} : { page }),
    });
  }

  private page(): string {
    try {
      const said = String(this.options?.page?.() ?? location.pathname);
      const page = said.replace(/[^!-~]/gu, encodeURIComponent);
      return page.startsWith("/") && page.length <= LONGEST_PAGE ? page : "/";
    } catch {
      return "/";
    }
  }

  private add(item: Item | undefined): void {
    if (item !== undefined) this.outbox.add(item);
  }

  private isSetUp(part: string): boolean {
    const isSetUp = this.reported.has(part);
    this.reported.add(part);
    return isSetUp;
  }

  private listen(target: EventTarget, event: string, heard: (event: Event) => void, capture = false): void {
    const listener = (event: Event): void => quietly(() => heard(event));
    target.addEventListener(event, listener, capture);
    this.stops.push(() => target.removeEventListener(event, listener, capture));
  }
}

/** Whatever goes wrong in here is not the page's trouble. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Told to nobody: reporting our own errors as the page's would be worse.
  }
}

/** At most so many characters, and none of them half. */
function cut(text: unknown, most: number): string {
  return Array.from(String(text).slice(0, most * 2)).slice(0, most).join("");
}
