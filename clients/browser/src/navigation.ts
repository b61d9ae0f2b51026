import type { Item, Phase } from "./wire.js";

/** How this page was loaded, in milliseconds; nothing where the browser does not say, or it has not been loaded yet. */
export function navigation(): Item | undefined {
  const [timing] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  // A page that was made ready in advance begins for its user when it is shown.
  const began = timing ? ((timing as { activationStart?: number }).activationStart ?? 0) : 0;
  const load = timing ? timing.loadEventEnd - began : 0;
  if (!timing || !(load > 0)) return undefined;
  const secure = timing.secureConnectionStart;
  const phases: [Phase, number][] = [
    ["redirect", timing.redirectEnd - timing.redirectStart],
    ["dns", timing.domainLookupEnd - timing.domainLookupStart],
    ["connect", (secure > 0 ? secure : timing.connectEnd) - timing.connectStart],
    ["tls", secure > 0 ? timing.connectEnd - secure : Number.NaN],
    ["request", timing.responseStart - timing.requestStart],
    ["response", timing.responseEnd - timing.responseStart],
    ["document", timing.loadEventEnd - timing.responseEnd],
  ];
  const measured = phases.filter(([, ms]) => ms >= 0).map(([phase, ms]) => [phase, rounded(ms)]);
  return { kind: "navigation", load: Math.max(rounded(load), 0.1), ...Object.fromEntries(measured) };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
