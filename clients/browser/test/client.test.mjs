// The client in a real Chromium, and a receiver that keeps what it sends.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { open } from "../demo/browser.mjs";

const here = dirname(new URL(import.meta.url).pathname);
const script = readFileSync(join(here, "../dist/watchbell.min.js"), "utf8");
let browser, server, origin;
let received = [];
// Each test is a service of its own: a page of the one before may still have something to say.
let service = "";

before(async () => {
  server = createServer(async (request, answer) => {
    const path = new URL(request.url, "http://here").pathname;
    if (path === "/v1/beacon") {
      let body = "";
      for await (const part of request) body += part;
      const batch = { type: request.headers["content-type"], bytes: Buffer.byteLength(body), ...JSON.parse(body) };
      if (batch.service === service) received.push(batch);
      answer.writeHead(204).end();
    } else if (path === "/watchbell.min.js") {
      answer.writeHead(200, { "content-type": "text/javascript" }).end(script);
    } else if (path.startsWith("/missing")) {
      answer.writeHead(404).end();
    } else {
      answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>x</title><h1>Prices</h1><button data-watchbell-action='buy now!'>Buy</button>");
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await open();
});

after(async () => {
  await browser?.close();
  server?.close();
});

beforeEach((test) => {
  received = [];
  service = test.name;
});

const items = (kind) => received.flatMap((batch) => batch.items).filter((item) => item.kind === kind);

/** Waits for a state, not for a while. */
async function until(what, is) {
  for (let tries = 0; tries < 500; tries++) {
    if (is()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.fail(`waited in vain for ${what}: ${JSON.stringify(received)}`);
}

/** A page with the client in it; `first` runs before everything else in the page. */
async function page({ path = "/trade", options = {}, first = () => {} } = {}) {
  const page = await browser.context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.message));
  await page.addInitScript(first);
  await page.goto(origin + path, { waitUntil: "load" });
  await page.addScriptTag({ url: "/watchbell.min.js" });
  const given = { endpoint: `${origin}/v1/beacon`, service, delayMs: 100, ...options };
  await page.evaluate((given) => { window.watchbell = new FrontendMonitoring(given); }, given);
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  return page;
}

test("a page that is left has told its vitals, its load time and that somebody was there", async () => {
  const there = await page();
  // Busy for so long that the browser tells of the interaction, which is known when its next paint is.
  await there.evaluate(() => {
    const busy = () => { for (const began = performance.now(); performance.now() - began < 100;); };
    document.querySelector("button").addEventListener("click", busy);
    window.told = new Promise((done) => {
      const look = (list) => list.getEntries().some((entry) => entry.interactionId) && done();
      new PerformanceObserver(look).observe({ type: "event", durationThreshold: 40 });
    });
  });
  await there.click("button");
  await there.evaluate(() => window.told);
  await there.goto("about:blank");
  await until("the largest paint", () => items("vital").some((item) => item.name === "LCP"));
  await until("the interaction", () => items("vital").some((item) => item.name === "INP"));
  const names = items("vital").map((item) => item.name).sort();
  assert.deepEqual(names, ["CLS", "FCP", "INP", "LCP", "TTFB"], "each once");
  const [navigation] = items("navigation");
  assert.ok(navigation.load > 0 && navigation.request >= 0 && navigation.tls === undefined, JSON.stringify(navigation));
  assert.deepEqual(items("action"), [{ kind: "action", action: "buy now_" }]);
  assert.match(items("visit")[0].visitor, /^[0-9a-f]{32}$/);
  for (const batch of received) {
    assert.deepEqual([batch.v, batch.service, batch.page, batch.share], [1, service, "/trade", 1]);
    assert.match(batch.type, /^text\/plain/, "no browser asks first");
  }
  await there.close();
});

test("a browser is the same one in its next page view", async () => {
  const [one, two] = [await page(), await page({ path: "/" })];
  await until("two visits", () => items("visit").length === 2);
  assert.equal(items("visit")[0].visitor, items("visit")[1].visitor);
  await Promise.all([one.close(), two.close()]);
});

test("exceptions, rejected promises and missing resources are told apart, without queries of addresses", async () => {
  const there = await page();
  await there.evaluate(() => {
    setTimeout(() => { throw new Error("no price"); });
    void Promise.reject(new Error("no answer"));
    document.body.append(Object.assign(new Image(), { src: "/missing.png?token=secret" }));
    history.pushState(null, "", "/trade/42");
  });
  await until("three errors", () => items("error").length === 3);
  const told = Object.fromEntries(items("error").map((item) => [item.error, item]));
  assert.match(told.javascript.message, /no price/);
  assert.match(told.rejection.message, /no answer/);
  assert.equal(told.resource.file, "/missing.png");
  assert.equal(told.resource.page, "/trade/42");
  assert.ok(!JSON.stringify(received).includes("secret"));
  await there.close();
});

test("feedback is sent at once, and too long a text is cut", async () => {
  const there = await page({ options: { delayMs: 3_600_000 } });
  await there.evaluate(() => watchbell.feedback("bug", "€".repeat(10_000)));
  await until("the feedback", () => items("feedback").length === 1);
  assert.equal(items("feedback")[0].text.length, 4000);
  await there.close();
});

test("where sendBeacon takes nothing, fetch is asked", async () => {
  const there = await page({ first: () => { Navigator.prototype.sendBeacon = () => false; } });
  await there.evaluate(() => watchbell.feedback("bug"));
  await until("the feedback", () => items("feedback").length === 1);
  assert.match(received.at(-1).type, /^text\/plain/);
  await there.close();
});

test("a page view that is not sampled tells errors and feedback, and no measurement", async () => {
  const there = await page({ options: { sample: 0.25 }, first: () => { Math.random = () => 0.9; } });
  await there.click("button");
  await there.evaluate(() => { setTimeout(() => { throw new Error("x"); }); watchbell.feedback("wish"); });
  await until("the error", () => items("error").length === 1);
  await there.goto("about:blank");
  await there.close();
  assert.equal(items("visit").length, 1);
  assert.deepEqual([items("vital"), items("navigation"), items("action")], [[], [], []]);
});

test("a page view that is sampled says for how many it stands", async () => {
  const there = await page({ options: { sample: 0.25 }, first: () => { Math.random = () => 0.1; } });
  await there.click("button");
  await until("the action", () => items("action").length === 1);
  assert.ok(received.every((batch) => batch.share === 0.25));
  await there.close();
});

test("a storm of actions and errors is a few small batches and does not slow the page down", async () => {
  const there = await page();
  await there.evaluate(() => {
    for (let number = 0; number < 100_000; number++) watchbell.trackUserInteraction(`action ${number}`, { number });
    for (let number = 0; number < 1000; number++) window.dispatchEvent(new ErrorEvent("error", { message: "x".repeat(9000) }));
    for (let number = 0; number < 1000; number++) watchbell.feedback("bug", "€".repeat(4000));
  });
  await until("the feedback", () => items("feedback").length === 20);
  assert.equal(items("error").length, 20, "none was lost behind the actions");
  assert.ok(received.length <= 30, `${received.length} batches`);
  assert.ok(items("action").length <= 300);
  assert.ok(received.every((batch) => batch.bytes <= 60_000), "what browsers take at once");
  await there.close();
});

test("nothing that a browser lacks or refuses breaks the page", async () => {
  const there = await page({
    first: () => {
      Navigator.prototype.sendBeacon = () => { throw new Error("no"); };
      window.fetch = undefined;
      window.PerformanceObserver = undefined;
      Object.defineProperty(window, "localStorage", { get: () => { throw new Error("no"); } });
      performance.getEntriesByType = () => { throw new Error("no"); };
    },
  });
  await there.evaluate(() => {
    const circle = {};
    circle.circle = circle;
    watchbell.trackUserInteraction(undefined, circle);
    watchbell.trackUserInteraction({ toString: () => { throw new Error("no"); } });
    watchbell.feedback(null, { toString: () => { throw new Error("no"); } });
    watchbell.setupPerformanceMonitoring();
    watchbell.flush();
    for (const options of [undefined, null, {}, { endpoint: 7 }, { endpoint: "http://[", page: () => null, sample: "x" }]) {
      new FrontendMonitoring(options).stop();
    }
  });
  await there.goto("about:blank");
  assert.deepEqual(there.faults, []);
  assert.deepEqual(received, []);
  await there.close();
});

test("what is stopped listens no more", async () => {
  const there = await page();
  await there.evaluate(() => watchbell.stop());
  const before = received.length;
  await there.click("button");
  await there.evaluate(() => { setTimeout(() => { throw new Error("x"); }); });
  await there.goto("about:blank");
  await there.close();
  assert.deepEqual([items("action"), items("error")], [[], []]);
  assert.ok(received.length <= before + 1);
});

test("the single file is as small as its page says", () => {
  const readme = readFileSync(join(here, "../README.md"), "utf8");
  const [, most] = /below (\d+) kB with gzip/.exec(readme);
  assert.ok(gzipSync(script, { level: 9 }).length < Number(most) * 1000);
});
