// A real Chromium, without a window and without anything that it does for itself.
import { chromium } from "playwright-core";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens a browser with a profile of its own. */
export async function open(program = process.env.CHROMIUM ?? "/usr/bin/chromium") {
  const profile = mkdtempSync(join(tmpdir(), "watchbell-browser-"));
  const viewport = { width: 1000, height: 900 };
  const context = await chromium.launchPersistentContext(profile, { executablePath: program, headless: true, args: QUIET, viewport });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, close };
}

/** Does on the demo page what somebody would do, and leaves it, so that what is known last is sent. */
export async function visit(context, origin, beacon, { path = "/trade/PGAUx", leave = true } = {}) {
  const page = await context.newPage();
  const answers = [];
  page.on("response", (answer) => answer.url() === beacon && answers.push(answer.status()));
  await page.goto(`${origin}${path}?beacon=${encodeURIComponent(beacon)}`, { waitUntil: "load" });
  // A first paint is what an interaction ends the search for the largest one with.
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  for (const button of ["#buy", "#break", "#reject", "#feedback"]) await page.click(button);
  // What the clicks have broken is reported in their turn.
  await page.evaluate(() => new Promise((done) => setTimeout(done, 50)));
  if (leave) await page.goto("about:blank");
  return { page, answers };
}
