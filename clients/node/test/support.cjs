'use strict';
// Servers for the tests: each on a free loopback port, ended with the test that started it.

const http = require('node:http');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');

/** Lets `handler` answer on a free port. */
async function serve(t, handler) {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** Asks `look` until it finds something. */
async function until(what, look) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

/** A collector that answers as it is told to, and keeps what it was sent. */
async function collector(t, answer) {
  const batches = [];
  const url = await serve(t, (req, res) => {
    let body = '';
    req.on('data', (part) => (body += part));
    req.on('end', () => {
      batches.push({ headers: req.headers, metrics: JSON.parse(body) });
      answer(batches.length, res, JSON.parse(body));
    });
  });
  return { url, batches };
}

/** Takes everything, as the collector does. */
function take(_number, res, metrics) {
  res.writeHead(202, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ accepted: metrics.length, refused: 0, errors: [] }));
}

module.exports = { collector, serve, sleep, take, until };
