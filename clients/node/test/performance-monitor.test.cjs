'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { PerformanceMonitor } = require('..');
const { collector, serve, sleep, take, until } = require('./support.cjs');

const quiet = { warn: () => {} };

test('what is measured is passed on, and reported in the mission\'s shape with how it ended', async (t) => {
  const { url, batches } = await collector(t, take);
  const monitor = new PerformanceMonitor({ url, token: 'sesame' });
  assert.equal(await monitor.measureOperation('trade', async () => { await sleep(20); return 7; }), 7);
  await assert.rejects(monitor.measureOperation('trade', () => { throw new Error('no'); }), { message: 'no' });
  assert.equal(await monitor.close(), true);
  const [{ headers, metrics }] = batches;
  assert.equal(headers.authorization, 'Bearer sesame');
  assert.equal(headers['content-type'], 'application/json');
  assert.deepEqual(metrics.map(({ name, tags }) => [name, tags.operation, tags.outcome]), [
    ['operation_duration_ms', 'trade', 'ok'],
    ['operation_duration_ms', 'trade', 'error'],
  ]);
  assert.ok(metrics[0].value >= 15 && Math.abs(Date.now() - metrics[0].timestamp) < 60_000, JSON.stringify(metrics));
});

test('operations of one name may overlap, and a timer that does not run is null', async () => {
  const monitor = new PerformanceMonitor(quiet);
  monitor.startTimer('trade');
  await sleep(20);
  monitor.startTimer('trade');
  const [inner, outer] = [monitor.endTimer('trade'), monitor.endTimer('trade')];
  assert.ok(inner < outer && outer >= 15, `${inner} ${outer}`);
  assert.equal(monitor.endTimer('trade'), null);
});

test('many operations leave in few batches, none larger than wanted', async (t) => {
  const { url, batches } = await collector(t, take);
  const monitor = new PerformanceMonitor({ url, maxBatch: 100 });
  for (let number = 0; number < 250; number += 1) monitor.sendMetric('trade', number);
  await monitor.close();
  assert.deepEqual(batches.map(({ metrics }) => metrics.length), [100, 100, 50]);
  assert.deepEqual(monitor.counts, { waiting: 0, sent: 250, lost: 0 });
});

test('a collector that is away costs the oldest and never an error', async () => {
  const told = [];
  const monitor = new PerformanceMonitor({ url: 'http://127.0.0.1:1/', maxQueue: 50, warn: (text) => told.push(text) });
  for (let number = 0; number < 1000; number += 1) {
    assert.equal(await monitor.measureOperation('trade', () => number), number);
  }
  assert.equal(await monitor.flush(), false);
  assert.equal(await monitor.close(), false);
  const { waiting, sent, lost } = monitor.counts;
  assert.deepEqual([waiting, sent, lost], [50, 0, 950]);
  assert.equal(told.length, 1, told.join('\n'));
});

test('what could not be sent is sent when the collector is back, in order', async (t) => {
  const { url, batches } = await collector(t, (number, res, metrics) => {
    if (number > 2) return take(number, res, metrics);
    res.writeHead(number === 1 ? 503 : 429, { 'Retry-After': '1' });
    res.end('later');
  });
  const monitor = new PerformanceMonitor({ url, flushInterval: 1, ...quiet });
  monitor.sendMetric('first', 1);
  monitor.sendMetric('second', 2);
  await until('all to have been sent', () => monitor.counts.sent === 2);
  assert.equal(batches.length, 3);
  assert.deepEqual(batches[2].metrics.map(({ tags }) => tags.operation), ['first', 'second']);
  await monitor.close();
});

test('what the collector refuses is lost, told once, and not sent again', async (t) => {
  const told = [];
  const { url, batches } = await collector(t, (_number, res) => {
    res.writeHead(401, { 'Content-Type': 'application/json' });
    res.end('{"status":"error","error":"show the token"}');
  });
  const monitor = new PerformanceMonitor({ url, warn: (text) => told.push(text) });
  monitor.sendMetric('trade', 1);
  await monitor.flush();
  monitor.sendMetric('trade', 1);
  await monitor.close();
  assert.deepEqual([batches.length, monitor.counts.lost], [2, 2]);
  assert.deepEqual(told, ['watchbell: the collector refused some: show the token']);
});

test('a collector that does not answer is given up', async (t) => {
  const url = await serve(t, () => {});
  const monitor = new PerformanceMonitor({ url, timeout: 50, ...quiet });
  monitor.sendMetric('trade', 1);
  assert.equal(await monitor.close(), false);
  assert.equal(monitor.counts.waiting, 1);
});

test('a name that the collector would not take becomes one that it takes', async (t) => {
  const { url, batches } = await collector(t, take);
  const monitor = new PerformanceMonitor({ url });
  for (const name of ['place order!', 'é', '', 'x'.repeat(100), 42]) monitor.sendMetric(name, 1);
  await monitor.close();
  const names = batches[0].metrics.map(({ tags }) => tags.operation);
  assert.deepEqual(names, ['place_order_', '_', '_', 'x'.repeat(64), '42']);
});

const program = (url) => `
  const { PerformanceMonitor } = require('${require.resolve('..').replaceAll('\\', '/')}');
  const monitor = new PerformanceMonitor({ url: '${url}', flushInterval: 60000 });
  monitor.measureOperation('short', async () => 1).then(() => console.log('done'));
`;
const run = (url) => promisify(execFile)(process.execPath, ['-e', program(url)], { timeout: 20_000 });

test('a program that ends sends what is left, and one without a collector ends all the same', async (t) => {
  const { url, batches } = await collector(t, take);
  assert.equal((await run(url)).stdout, 'done\n');
  assert.equal(batches[0].metrics[0].tags.operation, 'short');
  assert.equal((await run('http://127.0.0.1:1/')).stdout, 'done\n');
});

test('the package can be imported as well as required', async () => {
  const imported = await import('../index.mjs');
  assert.equal(imported.PerformanceMonitor, PerformanceMonitor);
  assert.equal(typeof imported.monitoringMiddleware, 'function');
});
