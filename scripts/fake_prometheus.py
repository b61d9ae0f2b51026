#!/usr/bin/env python3
"""A canned Prometheus and Alertmanager in one process, to measure an evaluator from outside.

  fake_prometheus.py [--port 0] [--slow SECONDS]

Prints `listening on 127.0.0.1:PORT`, and then answers, on loopback only:
  GET|POST …/api/v1/query        an instant vector whose size is read from the query itself: a selector `load_N{…}` gets N
                                 series (8 labels each, values 200 to 296), `churn_N{…}` gets them every second time,
                                 anything else none
  GET|POST …/api/v1/query_range  an empty matrix
  POST     …/api/v2/alerts       takes alerts as an Alertmanager does
  GET      /stats                how much was asked, served and told since the start
  GET      /firing               the label sets told as firing and not ended since, in order
With `--slow`, a query in which that word stands is answered so much later, and nobody else waits for it.
Answers are built once and only dated per request, so that this server is not what limits the measurement.
"""
import argparse
import asyncio
import json
import re
import time
import urllib.parse
from datetime import datetime, timezone

SIZE = re.compile(r"\b(load|churn)_(\d+)")
RULE = re.compile(r'rule="([^"]*)"')
EMPTY_VECTOR = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
EMPTY_MATRIX = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
BUILD = b'{"status":"success","data":{"version":"2.42.0","revision":"","branch":"","buildUser":"","buildDate":"","goVersion":""}}'


def labels_of(name, number, rule):
    """Eight labels, as long as a container's usually are."""
    return {
        "__name__": name, "instance": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:9100", "job": "node",
        "cluster": f"eu-west-{number % 7}", "namespace": f"team-{number % 53}",
        "pod": f"checkout-{number:06d}-{(number * 2654435761) & 0xFFFFFF:06x}", "container": "app", "rule": rule,
    }


def vector(name, size, rule):
    """The answer with `@T@` where the time belongs."""
    rows = (f'{{"metric":{json.dumps(labels_of(name, number, rule), separators=(",", ":"))},"value":[@T@,"{200 + number % 97}.25"]}}'
            for number in range(size))
    return ('{"status":"success","data":{"resultType":"vector","result":[' + ",".join(rows) + "]}}").encode()


def is_over(alert, now):
    """Whether its `endsAt` says that it has ended; the zero time means that it has not."""
    ends = alert.get("endsAt") or "0001-01-01T00:00:00Z"
    if ends.startswith("0001-"):
        return False
    # Python 3.11 takes no nanoseconds.
    ends = re.sub(r"(\.\d{6})\d+", r"\1", ends).replace("Z", "+00:00")
    return datetime.fromisoformat(ends).astimezone(timezone.utc).timestamp() <= now


class Canned:
    """What is asked, what is answered, and what was told."""

    def __init__(self, slow=0.0):
        self.slow = slow
        self.stats = {"queries": 0, "series": 0, "bytes": 0, "posts": 0, "alerts": 0}
        self.bodies, self.turns, self.firing = {}, {}, {}

    def answer(self, path, parameters, body):
        if path.endswith("/api/v1/query"):
            return self.query(parameters)
        if path.endswith("/api/v1/query_range"):
            return EMPTY_MATRIX
        if path.endswith("/buildinfo"):
            return BUILD
        if path.endswith("/api/v2/alerts"):
            return self.take(json.loads(body or b"[]"))
        if path == "/stats":
            return json.dumps(self.stats | {"firing": len(self.firing)}).encode()
        if path == "/firing":
            return json.dumps([dict(labels) for labels in sorted(self.firing)]).encode()
        return b'{"status":"success","data":[]}'

    def query(self, parameters):
        text = parameters.get("query", [""])[0]
        self.stats["queries"] += 1
        found = SIZE.search(text)
        if not found or (found.group(1) == "churn" and self.is_absent_this_time(text)):
            return EMPTY_VECTOR
        rule = RULE.search(text)
        key = found.group(0), int(found.group(2)), rule.group(1) if rule else ""
        if key not in self.bodies:
            self.bodies[key] = vector(*key)
        self.stats["series"] += key[1]
        return self.bodies[key].replace(b"@T@", self.time_of(parameters))

    def is_absent_this_time(self, text):
        self.turns[text] = self.turns.get(text, 0) + 1
        return self.turns[text] % 2 == 0

    @staticmethod
    def time_of(parameters):
        given = parameters.get("time", [""])[0]
        try:
            return f"{float(given):.3f}".encode()
        except ValueError:
            pass  # RFC 3339, or none
        try:
            return f"{datetime.fromisoformat(given.replace('Z', '+00:00')).timestamp():.3f}".encode()
        except ValueError:
            return f"{time.time():.3f}".encode()

    def take(self, alerts):
        now = time.time()
        self.stats["posts"] += 1
        self.stats["alerts"] += len(alerts)
        for alert in alerts:
            labels = tuple(sorted(alert["labels"].items()))
            if is_over(alert, now):
                self.firing.pop(labels, None)
            else:
                self.firing[labels] = True
        return b'{"status":"success"}'


async def read_body(reader, headers):
    if headers.get(b"transfer-encoding", b"").lower() != b"chunked":
        return await reader.readexactly(int(headers.get(b"content-length", 0)))
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readline()
    return b"".join(parts)


async def serve(canned, reader, writer):
    """One connection, kept alive until the caller closes it."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            target = head[0].split(b" ")[1].decode()
            pairs = (line.split(b":", 1) for line in head[1:] if b":" in line)
            headers = {name.lower(): value.strip() for name, value in pairs}
            body = await read_body(reader, headers)
            path, _, query = target.partition("?")
            is_form = b"urlencoded" in headers.get(b"content-type", b"")
            parameters = urllib.parse.parse_qs(query or (body.decode() if is_form else ""))
            if "slow" in parameters.get("query", [""])[0]:
                await asyncio.sleep(canned.slow)
            answer = canned.answer(path, parameters, body)
            canned.stats["bytes"] += len(answer)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the caller has closed, which is how a connection ends
    finally:
        writer.close()


async def main():
    parser = argparse.ArgumentParser(description="A canned Prometheus and Alertmanager.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--slow", type=float, default=0.0, metavar="SECONDS")
    options = parser.parse_args()
    canned = Canned(options.slow)
    server = await asyncio.start_server(lambda r, w: serve(canned, r, w), "127.0.0.1", options.port, limit=1 << 26)
    print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
