/** What is sent to `POST /v1/beacon`: `schemas/beacon.schema.json` of Watchbell, which is the contract. */
export interface Beacon {
  v: 1;
  service?: string;
  page: string;
  share: number;
  items: Item[];
}

export type Item =
  | { kind: "vital"; name: "LCP" | "INP" | "CLS" | "FCP" | "TTFB"; value: number; page?: string }
  | ({ kind: "navigation"; load: number; page?: string } & Partial<Record<Phase, number>>)
  | { kind: "error"; error: Fault; message?: string; file?: string; line?: number; column?: number; page?: string }
  | { kind: "action"; action: string }
  | { kind: "feedback"; feedback: string; text?: string }
  | { kind: "visit"; visitor: string };

export type Phase = "redirect" | "dns" | "connect" | "tls" | "request" | "response" | "document";
export type Fault = "javascript" | "rejection" | "resource";

/** No item that is longer than these is taken. */
export const LONGEST_NAME = 64;
export const LONGEST_PAGE = 512;
export const LONGEST_MESSAGE = 1000;
export const LONGEST_TEXT = 4000;

/** A name with nothing in it that the collector would refuse. */
export function named(text: unknown): string {
  const name = String(text).replace(/[^A-Za-z0-9_.:/ -]+/g, "_").slice(0, LONGEST_NAME);
  return name || "_";
}
