// Stands for PentaGold's application in compose.yaml: the three endpoints that the mission names, two pages, and `/metrics` by the middleware
// of clients/node. Operations are timed and reported to the collector. Take it out when yours is there.
//
// PORT (3001), and OPERATIONS, where the collector takes timers in (http://collect:9097/v1/operations), may be set.
const express = require('express');
const { register } = require('prom-client');
const { monitoringMiddleware, PerformanceMonitor } = require('../../clients/node');

const monitor = new PerformanceMonitor({ url: process.env.OPERATIONS || 'http://collect:9097/v1/operations' });
const app = express();
app.disable('x-powered-by');
app.use(monitoringMiddleware);

app.get('/api/price_feed', (_req, res) => res.json({ prices: [{ pair: 'PGAUX-USD', usd: 3350 }] }));
app.get('/api/balance_query', (_req, res) => res.json({ balance: '12.5' }));
app.post('/api/trade_execution', async (_req, res) => {
  // As long as a trade takes on a good day.
  const trade = await monitor.measureOperation('trade', () => new Promise((done) => setTimeout(done, 40, { accepted: true })));
  res.status(201).json(trade);
});
const page = (title) => `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1></html>`;
app.get('/', (_req, res) => res.send(page('PentaGold')));
app.get('/trade', (_req, res) => res.send(page('Trade')));
app.get('/metrics', async (_req, res) => res.type(register.contentType).send(await register.metrics()));

const server = app.listen(Number(process.env.PORT || 3001), () => console.log(`listening on ${server.address().port}`));
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => server.close(() => monitor.close().then(() => process.exit(0))));
}
