"""What the built program says of the configuration, and the lines that it really logs."""
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from held import documents

# What the stack's configuration has of its own; everything else is the example's, word for word.
OF_THE_STACK = {"include", "prometheus", "remote_write", "external_url", "store", "listen", "sentry", "heartbeats", "channels", "rules"}
QUICK = """
groups:
  - name: lines
    interval: 1s
    rules: [{ alert: Quick, expr: "vector(1) > 0", tiers: { high: { above: 0 } } }]
"""

ALERT = b'[{"labels": {"alertname": "BridgeHalted", "severity": "critical"}, "annotations": {"summary": "the bridge stands still"}}]'


def check(held):
    """Yields what `watchbell check` finds, and where the stack's configuration has drifted from the example."""
    installed = held.installed() / "deploy/watchbell"
    code, said = held.run(held.watchbell(), "--config", installed / "watchbell.yaml", "check", "--deny", "warnings", cwd=held.installed())
    held.note(f"watchbell.yaml, collect.yaml and what deploy/prepare makes by `watchbell check --deny warnings`: {said.splitlines()[-1] if said else ''}")
    if code:
        yield f"watchbell/watchbell.yaml: {said}"
    stack = documents(held.deploy / "watchbell/watchbell.yaml")[0]
    example = documents(held.root / "watchbell.yaml")[0]
    for key in sorted((set(stack) | set(example)) - OF_THE_STACK):
        if stack.get(key) != example.get(key) and key != "collect":
            yield f"watchbell/watchbell.yaml: `{key}` is not that of ../watchbell.yaml any more"
    if by_name(stack["channels"]) != by_name(example["channels"]):
        yield "watchbell/watchbell.yaml: `channels` differs from ../watchbell.yaml in more than addresses and secrets"
    held.note("people, levels, routes and routines of both configurations compared")
    yield from as_projected(held, installed)


def by_name(channels):
    """Channels without what belongs to one installation."""
    def plain(value):
        if isinstance(value, dict):
            return "secret" if set(value) <= {"env", "file"} else {key: plain(inner) for key, inner in value.items() if key != "urls"}
        return value

    return {name: plain(channel) for name, channel in channels.items()}


def as_projected(held, installed):
    """Kubernetes lays a volume out as links into a folder with a date; the program has to see through them."""
    volume = held.scratch / "projected"
    dated = volume / "..2026_01_05"
    dated.mkdir(parents=True)
    for name in ("watchbell.yaml", "collect.yaml", "access", "rules"):
        subprocess.run(["cp", "--recursive", "--dereference", installed / name, dated], check=True)
        (volume / name).symlink_to(Path("..data") / name)
    (volume / "..data").symlink_to(dated.name)
    code, said = held.run(held.watchbell(), "--config", volume / "watchbell.yaml", "check", "--deny", "warnings", cwd=volume)
    if code:
        yield f"kubernetes: laid out as a projected volume, the configuration does not pass: {said}"


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Refusing(http.server.BaseHTTPRequestHandler):
    """A source and a receiver that answer every question with no, at once."""

    def log_message(self, *_):
        pass

    def do(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = b'{"status":"error","errorType":"bad_data","error":"no"}'
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do


def lines(held):
    """What the service and the collector really log: a start, a rule that fails, an incident, a receiver that refuses, a reload, a stop."""
    folder = held.scratch / "lines"
    folder.mkdir()
    refusing = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=refusing.serve_forever, daemon=True).start()
    no, here, there = refusing.server_port, free_port(), free_port()
    (folder / "rules.yaml").write_text(QUICK, encoding="utf-8")
    tell = "{ wait: 0s, levels: [{ notify: [hook] }] }"
    matrix = ", ".join(f"{severity}: {tell}" for severity in ("critical", "high", "medium", "low"))
    (folder / "watchbell.yaml").write_text(
        f"prometheus: {{ main: {{ url: 'http://127.0.0.1:{no}' }} }}\nrules: [rules.yaml]\nlisten: 127.0.0.1:{here}\n"
        f"channels: {{ hook: {{ webhook: {{ url: 'http://127.0.0.1:{no}/' }} }} }}\n"
        f"policies: {{ default: {{ matrix: {{ {matrix} }} }} }}\n"
        f"collect:\n  listen: 127.0.0.1:{there}\n  state: collect.json\n",
        encoding="utf-8",
    )
    with Logging(held, folder, "run") as service:
        service.until("listening on")
        post = urllib.request.Request(f"http://127.0.0.1:{here}/api/v2/alerts", ALERT, {"Content-Type": "application/json"})
        urllib.request.urlopen(post, timeout=10).close()
        service.until("cannot be evaluated")
        service.until("refused the page")
        service.program.send_signal(signal.SIGHUP)
        service.until("reading the files again")
    with Logging(held, folder, "collect") as collector:
        collector.answers(f"http://127.0.0.1:{there}/-/healthy")
    refusing.shutdown()
    return service.lines + collector.lines


class Logging:
    """A command of the program while it runs, and what it logs."""

    def __init__(self, held, folder, command):
        self.path = folder / f"{command}.log"
        self.command = [held.watchbell(), "--config", "watchbell.yaml", command]
        self.lines = []

    def __enter__(self):
        environment = {key: value for key, value in os.environ.items() if key != "RUST_LOG"}
        with open(self.path, "w", encoding="utf-8") as log:
            self.program = subprocess.Popen(self.command, cwd=self.path.parent, stdout=log, stderr=log, env=environment)
        return self

    def wait(self, what, is_so):
        deadline = time.monotonic() + 30
        while not is_so():
            if time.monotonic() > deadline or self.program.poll() is not None:
                raise AssertionError(f"`{' '.join(self.command[3:])}` does not come to: {what}\n{self.path.read_text(encoding='utf-8')}")
            time.sleep(0.02)

    def until(self, message):
        self.wait(message, lambda: f'{message}' in "".join(json.loads(line)["message"] for line in self.said()))

    def said(self):
        whole, _, _ = self.path.read_text(encoding="utf-8").rpartition("\n")
        return whole.splitlines()

    def answers(self, url):
        def asked():
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False

        self.wait(url, asked)

    def __exit__(self, *_):
        self.program.terminate()
        self.program.wait(timeout=30)
        self.lines = self.said()
