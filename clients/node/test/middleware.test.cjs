'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const http = require('node:http');
const { EventEmitter, once } = require('node:events');
const prometheus = require('prom-client');
const { createMonitoringMiddleware, monitoringMiddleware } = require('..');
const { serve, until } = require('./support.cjs');

/** The requests that were counted, as `GET /prices/:pair 200`, with how often. */
async function counted(register) {
  const { values } = await register.getSingleMetric('http_requests_total').get();
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels.method} ${labels.route} ${labels.status_code}`, value]));
}

const ask = (url, method = 'GET') => fetch(url, { method }).then((answer) => answer.text().then(() => answer.status));

for (const version of ['express', 'express4']) {
  const express = require(version);

  function app(register) {
    const users = express.Router({ mergeParams: true });
    users.get('/orders/:order', (_req, res) => res.send('order'));
    users.get('/broken', () => { throw new Error('on purpose'); });
    const app = express();
    app.use(createMonitoringMiddleware({ register }));
    app.get('/prices/:pair', (_req, res) => res.send('3350.12'));
    app.get(['/a', '/b'], (_req, res) => res.send('either'));
    app.get('/slow', () => app.emit('slow'));
    app.use('/users/:user', users);
    app.use((error, _req, res, _next) => res.status(500).send(error.message));
    return app;
  }

  test(`${version}: a route is its pattern, and no visitor can make one up`, async (t) => {
    const register = new prometheus.Registry();
    const url = await serve(t, app(register));
    for (const pair of ['a', 'b', 'c']) await ask(`${url}/prices/${pair}`);
    for (const user of ['42', '43', '3f2c1a9e-77aa-4b1c-9d0e-0123456789ab']) await ask(`${url}/users/${user}/orders/${user}`);
    for (const path of ['/wp-login.php', '/prices/a/b', '/.env']) await ask(url + path);
    await ask(`${url}/b`);
    assert.deepEqual(await counted(register), {
      'GET /prices/:pair 200': 3,
      'GET /users/:id/orders/:order 200': 3,
      'GET unmatched 404': 3,
      'GET /a|/b 200': 1,
    });
  });

  test(`${version}: a route that fails keeps its pattern, mounted router and all`, async (t) => {
    const register = new prometheus.Registry();
    const url = await serve(t, app(register));
    assert.equal(await ask(`${url}/users/42/broken`), 500);
    assert.deepEqual(await counted(register), { 'GET /users/:id/broken 500': 1 });
  });

  test(`${version}: a caller that goes away is counted, and nobody's error`, async (t) => {
    const register = new prometheus.Registry();
    const slow = app(register);
    const impatient = http.get(`${await serve(t, slow)}/slow`);
    impatient.on('error', () => {});
    await once(slow, 'slow');
    impatient.destroy();
    await until('the request to be counted', async () => (await counted(register))['GET /slow 499'] === 1);
  });

  test(`${version}: the metrics are the mission's, with a duration in seconds`, async (t) => {
    const register = new prometheus.Registry();
    const url = await serve(t, app(register));
    await ask(`${url}/prices/a`, 'PROPFIND');
    await ask(`${url}/prices/a`);
    const shown = await register.metrics();
    assert.match(shown, /http_requests_total\{method="GET",route="\/prices\/:pair",status_code="200"\} 1/);
    assert.match(shown, /http_request_duration_seconds_count\{method="GET",route="\/prices\/:pair",status_code="200"\} 1/);
    assert.match(shown, /http_request_duration_seconds_bucket\{le="10",method="GET",route="\/prices\/:pair",status_code="200"\} 1/);
    assert.match(shown, /http_requests_total\{method="other",route="unmatched",status_code="404"\} 1/);
  });
}

test('two middlewares on one registry count into the same metrics', () => {
  const register = new prometheus.Registry();
  createMonitoringMiddleware({ register });
  createMonitoringMiddleware({ register });
  assert.equal(register.getMetricsAsArray().length, 2);
});

test('whoever makes up routes fills no registry', async () => {
  const register = new prometheus.Registry();
  const middleware = createMonitoringMiddleware({ register, route: (req) => req.path });
  for (let number = 0; number < 2000; number += 1) {
    const res = Object.assign(new EventEmitter(), { statusCode: 404, headersSent: true });
    middleware({ method: 'GET', path: `/${number}` }, res, () => res.emit('finish'));
  }
  const all = await counted(register);
  assert.equal(Object.keys(all).length, 501);
  assert.equal(all['GET other 404'], 1500);
});

test('what goes wrong in counting fails no request', async (t) => {
  const express = require('express');
  const app = express();
  app.use(createMonitoringMiddleware({ register: new prometheus.Registry(), route: () => { throw new Error('on purpose'); } }));
  app.get('/', (_req, res) => res.send('fine'));
  assert.equal(await ask(await serve(t, app)), 200);
});

test("as in the mission's document, the middleware counts into prom-client's own registry", async (t) => {
  const express = require('express');
  const app = express();
  app.use(monitoringMiddleware);
  app.get('/home', (_req, res) => res.send('fine'));
  await ask(`${await serve(t, app)}/home`);
  assert.deepEqual(await counted(prometheus.register), { 'GET /home 200': 1 });
});
