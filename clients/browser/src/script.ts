/**
 * The single file for a page without a bundler:
 * `<script src="watchbell.min.js" data-endpoint="https://collect.example.org/v1/beacon" data-service="web"></script>`.
 * It makes `window.watchbell`; without `data-endpoint` only the class is there, as `window.FrontendMonitoring`.
 */
import { FrontendMonitoring } from "./index.js";

declare global {
  interface Window {
    FrontendMonitoring: typeof FrontendMonitoring;
    watchbell?: FrontendMonitoring;
  }
}

window.FrontendMonitoring = FrontendMonitoring;
try {
  const { endpoint, service, sample } = document.currentScript?.dataset ?? {};
  if (endpoint) {
    window.watchbell = new FrontendMonitoring({
      endpoint,
      ...(service === undefined ? {} : { service }),
      ...(sample === undefined ? {} : { sample: Number(sample) }),
    });
  }
} catch {
  // A page without its monitoring is still a page.
}
