import type { IncomingMessage, ServerResponse } from 'node:http';

/** What Express, Connect and their like call. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

export interface MiddlewareOptions {
  /** The registry that has the metrics. prom-client's own, where there is none. */
  register?: unknown;
  /** The prom-client to use. The installed one, where there is none. */
  client?: unknown;
  /** The route of a request, where you know better: a pattern, never an address. `undefined` leaves it to the middleware. */
  route?: (req: IncomingMessage) => string | undefined;
}

/** Makes the middleware. Fails where there is no prom-client. */
export function createMonitoringMiddleware(options?: MiddlewareOptions): Middleware;

/** The middleware on prom-client's own registry: `app.use(monitoringMiddleware)`. */
export const monitoringMiddleware: Middleware;

export type Outcome = 'ok' | 'error';

export interface PerformanceMonitorOptions {
  /** Where the collector listens: `http://127.0.0.1:9097/v1/operations`, where there is none. */
  url?: string;
  /** What the collector wants to be shown (`collect.operations.token`). */
  token?: string;
  /** How many metrics are sent at once, up to 1000: 100. */
  maxBatch?: number;
  /** How many metrics wait at most; beyond, the oldest are lost: 1000. */
  maxQueue?: number;
  /** How long a batch gathers, in milliseconds: 1000. After a failure it is longer, up to 30 s. */
  flushInterval?: number;
  /** How long the collector has to answer, in milliseconds: 2000. */
  timeout?: number;
  /** What to send with. The global one, where there is none. */
  fetch?: typeof fetch;
  /** Who is told, once for each reason, that something could not be sent: `console.warn`. */
  warn?: (text: string) => void;
}

export interface Metric {
  name: 'operation_duration_ms';
  value: number;
  tags: { operation: string; outcome?: Outcome };
  timestamp?: number;
}

export class PerformanceMonitor {
  constructor(options?: PerformanceMonitorOptions);
  /** Starts a timer. */
  startTimer(operation: string): void;
  /** Ends the timer that was last started for this operation. Gives its milliseconds, or null where none runs. */
  endTimer(operation: string): number | null;
  /** Does `fn`, and reports how long it took and whether it failed. Its result and its error are passed on. */
  measureOperation<T>(operation: string, fn: () => T | Promise<T>): Promise<T>;
  /** Reports a duration in milliseconds. */
  sendMetric(operation: string, duration: number, outcome?: Outcome): void;
  /** Puts a metric into the next batch. */
  postMetric(metric: Metric): void;
  /** Sends what waits. Says whether all of it has left. */
  flush(): Promise<boolean>;
  /** Sends what waits, once, and ends. To be awaited before `process.exit()`. */
  close(): Promise<boolean>;
  /** How many metrics wait, were sent, and were lost. */
  readonly counts: { waiting: number; sent: number; lost: number };
}
