#!/usr/bin/env python3
"""PentaGold's metrics, made up: a history to backfill, and an exporter that goes on from it without a seam.

  history.py write [--days 2] [--step 30] [--end UNIX] [--trouble FROM TO]… [--gap FROM TO]… > history.om
      OpenMetrics for `promtool tsdb create-blocks-from openmetrics`; a past with days and nights, calm but for the troubles,
      and without any sample in the gaps. FROM and TO are hours before the end.
  history.py serve [--port 0] [--trouble-from UNIX --trouble-to UNIX]
      `/metrics` for a real Prometheus to scrape; prints `listening on 127.0.0.1:PORT`. Between the two instants the
      network is congested: throughput collapses, gas is dear, blocks are slow, trades fail.

Every value is a function of its series and the time, and of nothing else: no state, no randomness. So history and exporter
agree, and two runs agree. Names and labels are those of docs/metrics.md.
"""
import argparse
import math
import sys
import time
import zlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable

DAY = 86400
# Counters count from here, so that a backfilled one and a scraped one are one series.
BIRTH = 1_760_000_000


def noise(seed, t, every=30):
    """Between -1 and 1, the same for the same seed and time; straight between its points, as real gauges mostly are."""
    step, rest = divmod(t, every)
    a, b = (zlib.crc32(f"{seed}/{int(step) + k}".encode()) / 2**31 - 1 for k in (0, 1))
    return a + (b - a) * rest / every


def daytime(t):
    """Between 0 at night and 1 in the afternoon."""
    return 0.5 - 0.5 * math.cos(2 * math.pi * ((t % DAY) / DAY - 0.12))


def gauge(calm, day=0.0, wobble=0.0, trouble=None):
    """A level, what the day adds to it, how much it wobbles, and its level in trouble."""
    def value(seed, t, in_trouble):
        level = trouble if in_trouble and trouble is not None else calm + day * daytime(t)
        return max(0.0, level + wobble * noise(seed, t))
    return value


def constant(calm, trouble=None):
    return lambda _seed, _t, in_trouble: trouble if in_trouble and trouble is not None else calm


@dataclass
class Series:
    """One series. `value` is asked with its seed, the time, and whether there is trouble."""

    metric: str
    kind: str
    labels: dict
    value: Callable
    # Whether it is looked at over months: `write --long` writes it further back than the others.
    is_long: bool = False
    seed: str = field(init=False)

    def __post_init__(self):
        self.seed = self.metric + str(sorted(self.labels.items()))

    def text(self, scraped=False):
        """As it is exposed, or as it is stored after a scrape."""
        all_labels = {**TARGET, **self.labels} if scraped else self.labels
        labels = ",".join(f'{name}="{value}"' for name, value in all_labels.items())
        return f"{self.metric}{{{labels}}}" if labels else self.metric


class Troubles:
    """When it goes wrong. Counters need to know how long it has, to count what came on top."""

    def __init__(self, *spans):
        self.spans = spans

    def now(self, t):
        return any(start <= t < end for start, end in self.spans)

    def seconds_until(self, t):
        return sum(max(0.0, min(t, end) - start) for start, end in self.spans)


# What a scrape adds to each series that has none of its own; so the scrape's target must be labelled alike.
TARGET = {"job": "pentagold", "instance": "pentagold"}
CHAIN = {"chain": "sepolia"}


def counter(rate, troubles, trouble_rate=0.0):
    """So many a second on average, more by day, never falling; `trouble_rate` comes on top."""
    def value(_seed, t, _in_trouble):
        age = t - BIRTH
        # The integral of rate × (1 + sin/2): it rises at every instant, and is a whole number as counters are.
        steady = rate * (age - DAY / (4 * math.pi) * (math.cos(2 * math.pi * age / DAY) - 1))
        extra = trouble_rate * troubles.seconds_until(t)
        return float(math.floor(steady) + math.floor(extra))
    return value


def families(troubles):
    """All series, those of one family together, as the formats want it."""
    yield from chain_families(troubles)
    yield from application_families(troubles)
    yield from request_families(troubles)
    yield from oracle_families()
    yield from security_families(troubles)
    yield from operations_families(troubles)


def chain_families(troubles):
    yield Series("block_time_seconds", "gauge", CHAIN, gauge(13.0, wobble=1.2, trouble=26.0))
    yield Series("gas_price_gwei", "gauge", CHAIN, gauge(16.0, day=8.0, wobble=3.0, trouble=162.0))
    yield Series("transactions_per_second", "gauge", CHAIN, gauge(10.5, day=3.0, wobble=0.8, trouble=1.8))
    for contract in ("pgaux", "oracle_aggregator", "circuit_breaker", "timelock"):
        yield Series("contract_gas_used_total", "counter", {**CHAIN, "contract": contract}, counter(30.0, troubles))


def application_families(troubles):
    endpoints = {"price_feed": 180, "trade_execution": 900, "balance_query": 120}
    for endpoint in endpoints:
        yield Series("endpoint_up", "gauge", {"service": "api", "endpoint": endpoint}, constant(1))
    yield Series("endpoint_up", "gauge", {"service": "web", "endpoint": "home"}, constant(1))
    for endpoint, usual in endpoints.items():
        level = gauge(usual, day=usual * 0.04, wobble=usual * 0.05, trouble=usual * 6.5)
        yield Series("api_response_time_ms", "gauge", {"service": "api", "endpoint": endpoint}, level)
    yield Series("error_rate_percentage", "gauge", {"service": "api"}, gauge(0.4, wobble=0.2, trouble=9.3))
    yield Series("error_rate_percentage", "gauge", {"service": "web"}, gauge(0.2, wobble=0.1))
    for page, usual in (("home", 1100), ("trade", 1500)):
        level = gauge(usual, day=150, wobble=120, trouble=usual * 2)
        yield Series("page_load_time_ms", "gauge", {"service": "web", "page": page}, level)
    for kind in ("bug", "confusing", "wish"):
        labels = {"service": "web", "kind": kind}
        yield Series("user_feedback_total", "counter", labels, counter(2 / DAY, troubles))


def request_families(troubles):
    """What prom-client exports: requests by outcome, and their durations as a histogram."""
    rates = {"/api/price_feed": 3.0, "/api/trade_execution": 0.5, "/api/balance_query": 1.2}
    labels = {route: {"service": "api", "method": "GET", "route": route} for route in rates}
    for route, rate in rates.items():
        yield Series("http_requests_total", "counter", {**labels[route], "status_code": "200"}, counter(rate, troubles))
        failing = counter(rate * 0.003, troubles, trouble_rate=rate * 0.1)
        yield Series("http_requests_total", "counter", {**labels[route], "status_code": "500"}, failing)
    shares = {"0.1": 0.30, "0.3": 0.70, "0.5": 0.90, "1": 0.97, "2": 0.99, "5": 1.0, "+Inf": 1.0}
    for route, rate in rates.items():
        own = {**labels[route], "status_code": "200"}
        for bound, share in shares.items():
            name = "http_request_duration_seconds_bucket"
            yield Series(name, "histogram", {**own, "le": bound}, counter(rate * share, troubles))
        yield Series("http_request_duration_seconds_sum", "histogram", own, counter(rate * 0.31, troubles))
        yield Series("http_request_duration_seconds_count", "histogram", own, counter(rate, troubles))
    own = {"operation": "settle", "outcome": "ok"}
    for bound, share in {"10": 0.2, "50": 0.6, "100": 0.9, "500": 0.99, "+Inf": 1.0}.items():
        yield Series("operation_duration_ms_bucket", "histogram", {**own, "le": bound}, counter(0.1 * share, troubles))
    yield Series("operation_duration_ms_sum", "histogram", own, counter(6, troubles))
    yield Series("operation_duration_ms_count", "histogram", own, counter(0.1, troubles))


def oracle_families():
    sources = ("chainlink", "band")
    for oracle in (*sources, "aggregator"):
        # Age of the newest price: a saw, as prices come every five minutes.
        yield Series("oracle_update_latency_seconds", "gauge", {**CHAIN, "oracle": oracle}, lambda _s, t, _x: t % 300)
    yield Series("price_deviation_percentage", "gauge", CHAIN, gauge(0.3, wobble=0.2))
    for oracle in sources:
        yield Series("oracle_availability_percentage", "gauge", {**CHAIN, "oracle": oracle}, gauge(99.7, wobble=0.2))
    for oracle in sources:
        yield Series("oracle_up", "gauge", {**CHAIN, "oracle": oracle}, constant(1))


def security_families(troubles):
    breaker, treasury = {**CHAIN, "contract": "circuit_breaker"}, {**CHAIN, "contract": "pgaux"}
    yield Series("circuit_breaker_triggers", "counter", breaker, constant(0))
    yield Series("circuit_breaker_active", "gauge", breaker, constant(0))
    yield Series("emergency_pause_events", "counter", treasury, constant(0))
    yield Series("emergency_mode", "gauge", treasury, constant(0))
    yield Series("unauthorized_access_attempts", "counter", treasury, counter(3 / 3600, troubles))


def operations_families(troubles):
    def due(_seed, t, _in_trouble):
        return (t // DAY + 5) * DAY
    yield Series("maintenance_task_due_timestamp_seconds", "gauge", {"task": "backup-restore-drill"}, due)
    node = {"instance": "relayer-1"}
    disk = {**node, "mountpoint": "/", "device": "/dev/vda1", "fstype": "ext4"}
    yield Series("node_filesystem_avail_bytes", "gauge", disk, gauge(42e9, wobble=1e8))
    yield Series("node_filesystem_size_bytes", "gauge", disk, constant(80e9))
    yield Series("node_memory_MemAvailable_bytes", "gauge", node, gauge(5e9, wobble=3e8))
    yield Series("node_memory_MemTotal_bytes", "gauge", node, constant(8e9))
    for mode, share in (("idle", 0.8), ("user", 0.15), ("system", 0.05)):
        yield Series("node_cpu_seconds_total", "counter", {**node, "cpu": "0", "mode": mode}, counter(share, troubles))


def family_of(series):
    """The name that a TYPE line carries, in the older text format."""
    if series.kind == "histogram":
        return series.metric.rsplit("_", 1)[0]
    return series.metric


def number(value):
    return repr(round(float(value), 4))


def openmetrics_head(series):
    """OpenMetrics wants counters to end in `_total`; some of the mission's names do not, and are `unknown` there."""
    name = family_of(series)
    if series.kind == "counter":
        is_proper = name.endswith("_total")
        return f"# TYPE {name.removesuffix('_total')} {'counter' if is_proper else 'unknown'}\n"
    return f"# TYPE {name} {series.kind}\n"


def write(options, out):
    end = int(options.end or time.time())
    spans = {name: [(end - 3600 * begin, end - 3600 * over) for begin, over in getattr(options, name)] for name in ("trouble", "gap")}
    troubles, gaps = Troubles(*spans["trouble"]), Troubles(*spans["gap"])
    times = [t for t in range(end - int(options.days * DAY), end, options.step) if not gaps.now(t)]
    before = list(range(end - int(options.long * DAY), times[0], 3600)) if options.long else []
    last_head = None
    for series in options.families(troubles):
        head = openmetrics_head(series)
        if head != last_head:
            out.write(head)
            last_head = head
        text, value, seed = series.text(scraped=True), series.value, series.seed
        samples = ((t, value(seed, t, troubles.now(t))) for t in (before + times if series.is_long else times))
        out.writelines(f"{text} {number(sample)} {t}\n" for t, sample in samples if sample is not None)
    # What a scrape adds by itself, and what tells a gap from silence.
    out.write("# TYPE up gauge\n")
    out.writelines(f'up{{job="{TARGET["job"]}",instance="{TARGET["instance"]}"}} 1 {t}\n' for t in times)
    out.write("# EOF\n")


def exposition(now, troubles, families):
    """The page that a scrape gets: the text format 0.0.4."""
    lines, last = [], None
    for series in families(troubles):
        sample = series.value(series.seed, now, troubles.now(now))
        if sample is None:
            continue
        if family_of(series) != last:
            last = family_of(series)
            lines.append(f"# TYPE {last} {series.kind}")
        lines.append(f"{series.text()} {number(sample)}")
    return "\n".join(lines) + "\n"


class Exporter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """A scrape a second is not worth a line."""

    def do_GET(self):
        body = exposition(time.time(), self.server.troubles, self.server.families).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(options):
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Exporter)
    server.daemon_threads = True
    server.families = options.families
    server.troubles = Troubles((options.trouble_from, options.trouble_to))
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


def main(families=families):
    """The command line; `families` are the series, for who has more of them."""
    parser = argparse.ArgumentParser(description="PentaGold's metrics, made up.")
    commands = parser.add_subparsers(dest="command", required=True)
    writer = commands.add_parser("write", help="OpenMetrics to backfill, on standard output")
    writer.add_argument("--days", type=float, default=2)
    writer.add_argument("--step", type=int, default=30)
    writer.add_argument("--long", type=float, default=0, metavar="DAYS", help="so far back, by the hour, what is looked at over months")
    writer.add_argument("--end", type=float, help="Unix time; now, if not given")
    for name in ("--trouble", "--gap"):
        writer.add_argument(name, nargs=2, type=float, action="append", default=[], metavar=("FROM", "TO"), help="hours before the end")
    server = commands.add_parser("serve", help="an exporter that goes on from there")
    server.add_argument("--port", type=int, default=0)
    server.add_argument("--trouble-from", type=float, default=math.inf)
    server.add_argument("--trouble-to", type=float, default=math.inf)
    options = parser.parse_args()
    options.families = families
    if options.command == "write":
        write(options, sys.stdout)
    else:
        serve(options)


if __name__ == "__main__":
    main()
