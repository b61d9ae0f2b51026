'use strict';
// The mission's monitoring-middleware.js: the same two metrics with the same labels. Beyond it, no visitor can make up a label
// value, a request whose caller went away is counted too, and nothing in here ever fails a request.

// Whoever asks may write any method that the parser knows; these are told apart.
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE']);
// The status of a request whose caller went away before it was answered: nginx's number, and nobody's error of ours.
const GONE = 499;
// More routes than any program has by hand; beyond it somebody makes them up.
const MOST_ROUTES = 500;

/** Makes the middleware. Fails where there is no prom-client: better at the start than at the first request. */
function createMonitoringMiddleware(options = {}) {
  const client = options.client ?? require('prom-client');
  const registers = [options.register ?? client.register];
  const labelNames = ['method', 'route', 'status_code'];
  // Two instances, or an application that has these metrics already, count into the same ones.
  const known = (name, make) => registers[0].getSingleMetric(name) ?? make(name);
  const duration = known('http_request_duration_seconds', (name) =>
    new client.Histogram({ name, help: 'Duration of HTTP requests in seconds', labelNames, registers }));
  const total = known('http_requests_total', (name) =>
    new client.Counter({ name, help: 'Total number of HTTP requests', labelNames, registers }));
  const routes = new Set();

  const bounded = (route) => {
    if (!routes.has(route) && routes.size >= MOST_ROUTES) return 'other';
    routes.add(route);
    return route;
  };

  return function monitoringMiddleware(req, res, next) {
    const start = process.hrtime.bigint();
    const matched = watchRoute(req);
    let counted = false;
    const count = () => {
      if (counted) return;
      counted = true;
      try {
        const seconds = Number(process.hrtime.bigint() - start) / 1e9;
        const route = bounded(String(options.route?.(req) ?? matched() ?? 'unmatched'));
        const status = res.writableFinished || res.headersSent ? res.statusCode : GONE;
        const labels = { method: METHODS.has(req.method) ? req.method : 'other', route, status_code: String(status) };
        duration.observe(labels, seconds);
        total.inc(labels);
      } catch (error) {
        warnOnce('a request could not be counted', error);
      }
    };
    res.once('finish', count);
    res.once('close', count);
    next();
  };
}

/**
 * Notes the pattern of the route when it is chosen. At the end of the request it is too late: after an error, Express has
 * taken back the address under which the router is mounted.
 */
function watchRoute(req) {
  let route = req.route;
  let pattern;
  Object.defineProperty(req, 'route', {
    configurable: true,
    enumerable: true,
    get: () => route,
    set(chosen) {
      route = chosen;
      pattern = chosen === undefined ? undefined : mounted(req.baseUrl) + written(chosen.path);
    },
  });
  return () => pattern;
}

/** The pattern as it was written: a text, a regular expression, or a list of both. */
function written(path) {
  return Array.isArray(path) ? path.map(String).join('|') : String(path);
}

/** Express tells where a router is mounted by the address that was asked for. What looks like an id in it is none of the pattern. */
function mounted(baseUrl = '') {
  return baseUrl.split('/').map((part) => (looksLikeId(part) ? ':id' : part)).join('/');
}

function looksLikeId(part) {
  return /^\d+$/.test(part) || /^(0x)?[0-9a-f-]{8,}$/i.test(part) || (part.length > 15 && /\d/.test(part));
}

const warned = new Set();
function warnOnce(what, error) {
  if (warned.has(what)) return;
  warned.add(what);
  console.warn(`watchbell: ${what}: ${error.message}`);
}

let standard;
/** The middleware on prom-client's own registry: `app.use(monitoringMiddleware)`. Without prom-client it lets all through. */
function monitoringMiddleware(req, res, next) {
  try {
    standard ??= createMonitoringMiddleware();
  } catch (error) {
    warnOnce('requests are not measured', error);
    standard = (_req, _res, pass) => pass();
  }
  standard(req, res, next);
}

module.exports = { createMonitoringMiddleware, monitoringMiddleware };
