// Somebody who opens the page of the scripted testnet again and again, in a real Chromium, until the process is ended.
//
//   visitor.cjs ORIGIN NUMBER
'use strict';
const { chromium } = require('playwright-core');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const [, , origin, number] = process.argv;
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const profile = mkdtempSync(join(tmpdir(), 'watchbell-visitor-'));
let goes = true;

async function main() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args });
  const page = await context.newPage();
  while (goes) {
    try {
      await page.goto(`${origin}/?visitor=${number}`, { waitUntil: 'load', timeout: 60_000 });
      await page.click('button');
      // What is known last is sent when the page is left.
      await page.goto('about:blank');
    } catch (problem) {
      if (goes) console.error(`visitor ${number}: ${problem.message.split('\n')[0]}`);
    }
    await new Promise((later) => setTimeout(later, 1000));
  }
  await context.close();
}

process.on('SIGTERM', () => { goes = false; });
main().finally(() => rmSync(profile, { recursive: true, force: true }));
