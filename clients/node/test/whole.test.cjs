'use strict';
// The whole way, with the servers that are there in production: Express, a real Prometheus, the real collector. Run by
// `tests/real/node_client.rs`, which knows where they are; skipped without them.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const prometheus = require('prom-client');
const express = require('express');
const { createMonitoringMiddleware, PerformanceMonitor } = require('..');
const { serve, until } = require('./support.cjs');

const { PROMETHEUS, WATCHBELL, HIGH_ERROR_RATE } = process.env;
const skip = PROMETHEUS && WATCHBELL ? false : 'only with a real Prometheus and watchbell: tests/real/node_client.rs';

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program that is ready when `ready` answers, with its files in `folder`. */
async function start(t, program, args, folder, ready) {
  const output = fs.openSync(path.join(folder, 'out'), 'a');
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', output, output] });
  t.after(() => child.kill('SIGKILL'));
  await until(`${program} to be ready`, async () => {
    assert.equal(child.exitCode, null, fs.readFileSync(path.join(folder, 'out'), 'utf8'));
    return fetch(ready).then((answer) => answer.ok, () => false);
  });
}

function scratch(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'watchbell-node-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A Prometheus that scrapes `targets`, by the service that each is. */
async function startPrometheus(t, targets) {
  const [folder, port] = [scratch(t), await freePort()];
  const jobs = Object.entries(targets).map(([service, url]) =>
    ({ job_name: service, static_configs: [{ targets: [new URL(url).host], labels: { service } }] }));
  // Prometheus reads YAML, of which JSON is a part.
  fs.writeFileSync(`${folder}/prometheus.yml`, JSON.stringify({ global: { scrape_interval: '200ms' }, scrape_configs: jobs }));
  const url = `http://127.0.0.1:${port}`;
  const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`];
  await start(t, PROMETHEUS, args, folder, `${url}/-/ready`);
  return async (query) => {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`).then((answer) => answer.json());
    assert.equal(answer.status, 'success', JSON.stringify(answer));
    return answer.data.result;
  };
}

async function startCollector(t) {
  const [folder, port] = [scratch(t), await freePort()];
  fs.writeFileSync(`${folder}/watchbell.yaml`, JSON.stringify({ collect: { listen: `127.0.0.1:${port}`, operations: { names: ['trade'] } } }));
  const url = `http://127.0.0.1:${port}`;
  await start(t, WATCHBELL, ['--config', 'watchbell.yaml', 'collect'], folder, `${url}/-/ready`);
  return url;
}

test("the rule pack reads an Express service's error rate out of a real Prometheus", { skip }, async (t) => {
  const register = new prometheus.Registry();
  const app = express();
  app.use(createMonitoringMiddleware({ register }));
  app.get('/trades/:id', (req, res) => res.status(Number(req.params.id) % 10 === 0 ? 502 : 200).send('trade'));
  app.get('/metrics', (_req, res) => register.metrics().then((text) => res.type(register.contentType).send(text)));
  const url = await serve(t, app);
  // The counters are there before the first error, so that it is seen as a rise.
  await fetch(`${url}/trades/0`);
  await fetch(`${url}/trades/1`);
  const ask = await startPrometheus(t, { api: url });
  await until('the first scrape', async () => (await ask('http_requests_total{route="/trades/:id"}')).length === 2);
  for (let id = 0; id < 100; id += 1) await fetch(`${url}/trades/${id}`);
  // A tenth of the trades fails. Scrapes of /metrics make it less, and what rate() adds at the edges differs by series.
  const [rate] = await until('the error rate', async () => {
    const found = await ask(HIGH_ERROR_RATE);
    return found.length === 1 && Number(found[0].value[1]) > 5 && found;
  });
  assert.equal(rate.metric.service, 'api');
  assert.ok(Number(rate.value[1]) < 20, JSON.stringify(rate));
});

test('operations reach the real collector, and what it refuses is told', { skip }, async (t) => {
  const url = await startCollector(t);
  const told = [];
  const monitor = new PerformanceMonitor({ url: `${url}/v1/operations`, warn: (text) => told.push(text) });
  const shown = () => fetch(`${url}/metrics`).then((answer) => answer.text());
  assert.match(await shown(), /operation_duration_ms_count\{operation="trade",outcome="error"\} 0/);
  for (let number = 0; number < 150; number += 1) await monitor.measureOperation('trade', () => number);
  await monitor.measureOperation('place order', () => { throw new Error('no'); }).catch(() => {});
  monitor.sendMetric('trade', -1);
  await monitor.close();
  const text = await shown();
  assert.match(text, /operation_duration_ms_count\{operation="trade",outcome="ok"\} 150\n/);
  assert.match(text, /operation_duration_ms_count\{operation="place_order",outcome="error"\} 1\n/);
  assert.match(text, /watchbell_collect_operations_total\{outcome="accepted"\} 151\n/);
  assert.match(text, /watchbell_collect_operations_total\{outcome="wrong_value"\} 1\n/);
  assert.match(text, /http_requests_total\{method="POST",route="\/v1\/operations",status_code="202"\} 2\n/);
  assert.deepEqual(monitor.counts, { waiting: 0, sent: 151, lost: 1 });
  assert.equal(told.length, 1, told.join('\n'));
});

test("the mission's own monitor, which sends one timer by itself, is understood", { skip }, async (t) => {
  const url = await startCollector(t);
  const metric = { name: 'operation_duration_ms', value: 412, tags: { operation: 'trade' }, timestamp: Date.now() };
  const answer = await fetch(`${url}/v1/operations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(metric),
  });
  assert.equal(answer.status, 202);
  const text = await fetch(`${url}/metrics`).then((metrics) => metrics.text());
  assert.match(text, /operation_duration_ms_sum\{operation="trade",outcome="ok"\} 412\n/);
});
