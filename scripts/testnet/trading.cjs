// The trading API of the scripted testnet, on Express with our middleware and performance monitor, and its page with our
// browser client. Prints `listening on 127.0.0.1:PORT`. Modules are found by NODE_PATH.
//
//   trading.cjs PATH-OF-watchbell.min.js COLLECTOR
//
//   GET  /api/price_feed, /api/balance_query · POST /api/trade_execution      what the mission names
//   GET  /, /trade/…                      the page; it has loaded when its picture has
//   GET  /metrics                         what the middleware counted
//   POST /_control {endpoint, delay, fail}  trouble: `endpoint` is one of the three, or `page`; seconds
//   GET  /_visited?at_least=N             200 once so many visitors have opened the page, else 404, which is no failure of ours
'use strict';
const express = require('express');
const { register } = require('prom-client');
const { monitoringMiddleware, PerformanceMonitor } = require('../../clients/node');
const { setTimeout: sleep } = require('node:timers/promises');

const [, , script, collector] = process.argv;
const monitor = new PerformanceMonitor({ url: `${collector}/v1/operations` });
const trouble = {};
let visitors = 0;

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>PentaGold</title>
<script src="/watchbell.min.js" data-endpoint="${collector}/v1/beacon" data-service="web"></script></head>
<body><h1>PentaGold</h1><button data-watchbell-action="buy">Buy</button><img src="/chart.svg" alt="the price of today"></body></html>`;

/** An endpoint that works as long as nobody makes trouble. */
const endpoint = (name, answer) => (_req, res, next) => {
  const { delay = 0, fail = false } = trouble[name] ?? {};
  const work = async () => {
    await sleep(delay * 1000);
    if (fail) return res.status(500).json({ error: 'on purpose' });
    return res.json(answer());
  };
  monitor.measureOperation(name, work).catch(next);
};

const app = express();
app.use(monitoringMiddleware);
app.get('/api/price_feed', endpoint('price_feed', () => ({ pair: 'PGAUx/USD', price: 3350.12, at: Date.now() })));
app.post('/api/trade_execution', express.json(), endpoint('trade_execution', () => ({ accepted: true })));
app.get('/api/balance_query', endpoint('balance_query', () => ({ balance: '12.5' })));
app.get('/metrics', async (_req, res) => res.type(register.contentType).send(await register.metrics()));
app.get('/watchbell.min.js', (_req, res) => res.type('text/javascript').sendFile(script));
app.get('/chart.svg', async (_req, res) => {
  await sleep((trouble.page?.delay ?? 0) * 1000);
  res.set('Cache-Control', 'no-store').type('image/svg+xml').send('<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"/>');
});
app.post('/_control', express.json(), ({ body: { endpoint: name, ...wish } }, res) => {
  trouble[name] = { ...trouble[name], ...wish };
  res.json({ done: true });
});
app.get('/_visited', ({ query }, res) => res.sendStatus(visitors >= Number(query.at_least) ? 200 : 404));
app.get(['/', '/trade/:symbol'], (req, res) => {
  if (req.query.visitor) visitors = Math.max(visitors, Number(req.query.visitor));
  res.set('Cache-Control', 'no-store').send(page);
});

const server = app.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
process.on('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await monitor.close();
  process.exit(0);
});
