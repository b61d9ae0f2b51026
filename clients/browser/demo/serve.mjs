// Serves the demo page and the built package on a loopback port. `origin` of what it gives is the page's origin.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const here = dirname(new URL(import.meta.url).pathname);

/** Answers every path but the two files with the page, as an application of one page does. */
export async function serve(dist, port = 0) {
  const files = { "/watchbell.min.js": ["text/javascript", join(dist, "watchbell.min.js")] };
  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url, "http://here");
    const [type, file] = files[pathname] ?? ["text/html; charset=utf-8", join(here, "index.html")];
    const isMissing = pathname.endsWith(".png") || pathname.endsWith(".ico");
    answer.writeHead(isMissing ? 404 : 200, { "content-type": type });
    answer.end(isMissing ? "" : readFileSync(file));
  });
  await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise((done) => server.close(done)) };
}
