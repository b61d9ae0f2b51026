// A picture of what a page has sent and what the collector made of it: `node picture.mjs DIST COLLECTOR PORT PICTURE`.
import { open, visit } from "./browser.mjs";
import { serve } from "./serve.mjs";

const [dist, collector, port, picture] = process.argv.slice(2);
const server = await serve(dist, Number(port));
const { context, close } = await open();
const SHOWN = /^(page_load_time_ms|web_vitals_(seconds|cls)_(sum|count)|javascript_errors_total|user_|active_users|watchbell_collect_beacons_total)/;

async function metrics() {
  const page = await (await fetch(`${collector}/metrics`)).text();
  return page.split("\n").filter((line) => SHOWN.test(line) && !line.endsWith(" 0"));
}

try {
  const { page } = await visit(context, server.origin, `${collector}/v1/beacon`, { leave: false });
  await page.evaluate(() => window.watchbell.flush());
  // What is shown by time alone is shown anew every few seconds.
  let lines = await metrics();
  for (let tries = 0; tries < 100 && !lines.some((line) => line.startsWith("page_load_time_ms")); tries++) {
    await new Promise((done) => setTimeout(done, 200));
    lines = await metrics();
  }
  await page.evaluate((lines) => {
    const add = (title, text) => {
      document.body.append(Object.assign(document.createElement("h2"), { textContent: title }));
      document.body.append(Object.assign(document.createElement("pre"), { textContent: text }));
    };
    const batches = window.sent.map(({ items, ...envelope }) => {
      const rows = items.map((item) => `    ${JSON.stringify(item)}`).join(",\n");
      return `${JSON.stringify(envelope).slice(0, -1)},"items":[\n${rows}]}`;
    });
    add("Sent to POST /v1/beacon", batches.join("\n"));
    add("In /metrics of the collector", lines.join("\n"));
  }, lines);
  await page.screenshot({ path: picture, fullPage: true });
  console.log(`${picture}: ${lines.length} series`);
} finally {
  await close();
  await server.stop();
}
