// Plays a visit of the demo page, from an origin that may send and from one that may not:
// `node story.mjs DIST BEACON PORT FOREIGN_PORT`. Prints what the foreign page was answered.
import { open, visit } from "./browser.mjs";
import { serve } from "./serve.mjs";

const [dist, beacon, port, foreignPort] = process.argv.slice(2);
const [ours, foreign] = [await serve(dist, Number(port)), await serve(dist, Number(foreignPort))];
const { context, close } = await open();
try {
  await visit(context, ours.origin, beacon);
  const page = await context.newPage();
  await page.goto(`${foreign.origin}/trade/PGAUx?beacon=${encodeURIComponent(beacon)}`);
  const answered = await page.evaluate(async (beacon) => {
    const body = JSON.stringify({ items: [{ kind: "action", action: "steal" }] });
    const post = (type) => fetch(beacon, { method: "POST", body, headers: { "content-type": type } });
    const said = (answer) => `answered ${answer.status}`;
    const text = await post("text/plain").then(said, () => "refused");
    const json = await post("application/json").then(said, () => "refused");
    navigator.sendBeacon(beacon, body);
    return { text, json };
  }, beacon);
  await page.goto("about:blank");
  const own = await context.newPage();
  await own.goto(`${ours.origin}/?beacon=${encodeURIComponent(beacon)}`);
  const json = await own.evaluate(async (beacon) => {
    const body = JSON.stringify({ items: [{ kind: "action", action: "asked-first" }] });
    const answer = await fetch(beacon, { method: "POST", body, headers: { "content-type": "application/json" } });
    return `answered ${answer.status}`;
  }, beacon);
  console.log(JSON.stringify({ foreign: answered, own: { json } }));
} finally {
  await close();
  await Promise.all([ours.stop(), foreign.stop()]);
}
