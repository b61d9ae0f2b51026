#!/usr/bin/env python3
"""The demo: a real Prometheus on generated history, a real Alertmanager, the receivers, and `watchbell run`.

Something goes wrong within a minute; pages are printed as they arrive; it ends by itself and leaves nothing running.
`scripts/demo` sets up, builds and calls this.
"""
import argparse
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)
SECRETS = {
    "SLACK_TOKEN": "xoxb-demo",
    "PAGERDUTY_KEY": "0123456789abcdef0123456789abcdef",
    "HOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
# Seconds after the start of Watchbell.
TROUBLE_BEGINS, TROUBLE_ENDS, LATEST_END = 15, 45, 90


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def read(url, timeout=5):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read()


class Servers:
    """The processes of the demo; all of them end with the `with` block, whatever ends it."""

    def __init__(self, folder):
        self.folder, self.running = folder, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _, process in reversed(self.running):
            process.terminate()
        for name, process in self.running:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                print(f"demo: {name} did not end in ten seconds and is killed")
                process.kill()
                process.wait()

    def start(self, name, command, ready=None, env=None):
        """Starts a server and waits until `ready` answers; for ours, gives the address that it prints instead."""
        log = os.path.join(self.folder, f"{name}.log")
        with open(log, "wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, cwd=self.folder, stdin=subprocess.DEVNULL,
                                       env={**os.environ, **(env or {})})
        self.running.append((name, process))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            said = open(log, encoding="utf-8", errors="replace").read()
            if ready is None and said.startswith("listening on ") and said.endswith("\n"):
                return "http://" + said.split()[2]
            if ready is not None and self.answers(ready):
                return None
            time.sleep(0.05)
        tail = "".join(open(log, encoding="utf-8", errors="replace").readlines()[-20:])
        raise SystemExit(f"demo: {name} is not ready (it {'ended' if process.poll() is not None else 'is silent'}):\n{tail}")

    @staticmethod
    def answers(url):
        try:
            read(url, timeout=1)
            return True
        except (urllib.error.URLError, OSError):
            return False


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def backfill(folder, wanted=lambda line: True):
    """Two days of calm, as blocks that Prometheus opens when it starts: the lines of it that are wanted."""
    made = subprocess.run([sys.executable, f"{HERE}/history.py", "write", "--days", "2"], capture_output=True, text=True, check=True)
    lines = [line for line in made.stdout.splitlines() if wanted(line) or line == "# EOF"]
    history = write(folder, "history.om", "\n".join([*lines, ""]))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h", history, "data"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.remove(history)


def start_prometheus(servers, folder, interval, targets):
    """A Prometheus on what lies in `data`, which scrapes these (job, address, labels)."""
    jobs = "".join(f"""
  - job_name: {job}
    honor_labels: true
    static_configs: [{{ targets: ["{target}"], labels: {{ {labels} }} }}]""" for job, target, labels in targets)
    config = write(folder, "prometheus.yml", f"global: {{ scrape_interval: {interval} }}\nscrape_configs:{jobs}\n")
    address = f"127.0.0.1:{free_port()}"
    servers.start("prometheus", ["prometheus", f"--config.file={config}", "--storage.tsdb.path=data",
                                 "--storage.tsdb.retention.time=30d", f"--web.listen-address={address}"],
                  ready=f"http://{address}/-/ready")
    return f"http://{address}"


def start_alertmanager(servers, folder):
    config = write(folder, "alertmanager.yml", "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n")
    address = f"127.0.0.1:{free_port()}"
    servers.start("alertmanager", ["prometheus-alertmanager", f"--config.file={config}", "--storage.path=am",
                                   f"--web.listen-address={address}", "--cluster.listen-address="],
                  ready=f"http://{address}/-/ready")
    return f"http://{address}"


def start_watchbell(servers, folder, binary, addresses):
    text = open(f"{REPOSITORY}/fixtures/demo/watchbell.yaml", encoding="utf-8").read()
    for name, address in addresses.items():
        text = text.replace(name, address)
    config = write(folder, "watchbell.yaml", text)
    write(folder, "rules.yaml", open(f"{REPOSITORY}/fixtures/demo/rules.yaml", encoding="utf-8").read())
    servers.start("watchbell", [os.path.abspath(binary), "--config", config, "run"], env=SECRETS,
                  ready=f"http://{addresses['$LISTEN']}/-/ready")


# What a person would see of each message, in a line.

def slack_line(body):
    return body.get("text", "").replace("\n", " · ")


def pagerduty_line(body):
    payload = body.get("payload", {})
    told = f"{payload.get('severity', '')}: {payload.get('summary', '')}" if payload else ""
    return f"{body.get('event_action')} {told} [key {body.get('dedup_key')}]"


def webhook_line(body):
    data = body.get("data", {})
    said = next((str(data[key]) for key in ("summary", "title", "text") if data.get(key)), json.dumps(data))
    return f"{body.get('type')}: {said}"


LINES = {"slack": slack_line, "pagerduty": pagerduty_line, "webhook": webhook_line}


def follow_receivers(receivers, pages, stop):
    seen = 0
    while not stop.is_set():
        answer = json.loads(read(f"{receivers}/log?since={seen}&wait=1", timeout=10))
        seen = answer["next"]
        for entry in answer["entries"]:
            verdict = entry["effect"] if entry["verdict"] == "accepted" else entry["verdict"]
            pages.put((entry["time"], entry["channel"], verdict, LINES[entry["channel"]](entry["body"])))


def follow_alertmanager(alertmanager, pages, stop):
    """Alertmanager is asked what it holds; a page is a change of that."""
    held = {}
    while not stop.wait(0.5):
        alerts = json.loads(read(f"{alertmanager}/api/v2/alerts"))
        now = {json.dumps(alert["labels"], sort_keys=True): alert for alert in alerts}
        for key in [*(now.keys() - held.keys()), *(held.keys() - now.keys())]:
            alert = (now if key in now else held)[key]
            labels = alert["labels"]
            line = f"{labels.get('alertname')} ({labels.get('severity', 'no severity')}): {alert['annotations'].get('summary', '')}"
            pages.put((time.time(), "alertmanager", "firing" if key in now else "resolved", line))
        held = now


class Watch(threading.Thread):
    """Runs a follower; what goes wrong in it is kept, to be told, and does not vanish with the thread."""

    def __init__(self, follow, *arguments):
        super().__init__(daemon=True)
        self.follow, self.arguments, self.fault = follow, arguments, None

    def run(self):
        try:
            self.follow(*self.arguments)
        except Exception as fault:  # noqa: BLE001 - told by the main thread
            self.fault = fault


def clock(began, when):
    seconds = max(0, int(when - began))
    return f"{seconds // 60:02d}:{seconds % 60:02d}"


def show(began, pages, milestones, watches):
    """Prints milestones and pages in order until all is over; gives the pages."""
    shown, milestones = [], list(milestones)
    latest = began + LATEST_END
    while time.time() < latest:
        while milestones and time.time() >= milestones[0][0]:
            when, text = milestones.pop(0)
            print(f"\n{clock(began, when)}  --- {text}", flush=True)
        try:
            when, channel, verdict, line = pages.get(timeout=0.2)
        except queue.Empty:
            faults = [watch.fault for watch in watches if watch.fault]
            if faults:
                raise SystemExit(f"demo: lost sight of the receivers: {faults[0]}")
            if not milestones and is_over(shown):
                break
            continue
        print(f"{clock(began, when)}  {channel:<12} {verdict:<10} {line[:150]}", flush=True)
        shown.append((when, channel, verdict, line))
    return shown


def is_over(shown):
    """Everything that Alertmanager held has ended there, and PagerDuty's pages are resolved."""
    def count(channel, verdict):
        return sum(1 for page in shown if page[1] == channel and page[2] == verdict)
    ended = all(count(channel, opened) == count(channel, closed) > 0
                for channel, opened, closed in (("pagerduty", "opened", "resolved"), ("alertmanager", "firing", "resolved")))
    return ended and time.time() - shown[-1][0] > 3


def main():
    parser = argparse.ArgumentParser(description="Shows Watchbell at work.")
    parser.add_argument("--watchbell", default="target/debug/watchbell")
    options = parser.parse_args()
    # An end asked for from outside takes the way through `finally` too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="watchbell-demo-") as folder, Servers(folder) as servers:
        print("demo: writing two days of testnet history", flush=True)
        backfill(folder)
        began = time.time() + 3
        trouble = began + TROUBLE_BEGINS, began + TROUBLE_ENDS
        exporter = servers.start("exporter", [sys.executable, f"{HERE}/history.py", "serve",
                                              "--trouble-from", str(trouble[0]), "--trouble-to", str(trouble[1])])
        receivers = servers.start("receivers", [sys.executable, f"{HERE}/receivers.py",
                                                "--webhook-secret", SECRETS["HOOK_SECRET"]])
        prometheus = start_prometheus(servers, folder, "1s", [
            ("pentagold", exporter.removeprefix("http://"), "instance: pentagold"),
        ])
        alertmanager = start_alertmanager(servers, folder)
        addresses = {"$PROMETHEUS": prometheus, "$RECEIVERS": receivers, "$ALERTMANAGER": alertmanager,
                     "$LISTEN": f"127.0.0.1:{free_port()}"}
        start_watchbell(servers, folder, options.watchbell, addresses)
        print(f"demo: Prometheus {prometheus}, Alertmanager {alertmanager}, Watchbell http://{addresses['$LISTEN']}")
        pages, stop = queue.Queue(), threading.Event()
        watches = [Watch(follow_receivers, receivers, pages, stop), Watch(follow_alertmanager, alertmanager, pages, stop)]
        for watch in watches:
            watch.start()
        milestones = [
            (began, "all is calm: 12 transactions a second, gas at 20 gwei, 0.4 % errors"),
            (trouble[0], "the testnet is congested: 2 transactions a second, gas at 160 gwei, 9 % errors"),
            (trouble[1], "the congestion is over"),
        ]
        shown = show(began, pages, milestones, watches)
        stop.set()
        for watch in watches:
            watch.join(timeout=5)
    return conclude(shown, trouble)


def conclude(shown, trouble):
    if not shown:
        print("demo: no page arrived, and one should have", file=sys.stderr)
        return 1
    print(f"\ndemo: {len(shown)} messages, the first {shown[0][0] - trouble[0]:.1f} s after it went wrong; everything is stopped again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
