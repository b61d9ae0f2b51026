"""Runs the stack's servers with the stack's files, in a network namespace that scripts/run-deploy has made."""
import fcntl
import http.server
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from held import PARTS, Held, Missing, documents, moved

ROOT = Path(__file__).resolve().parents[2]
# One metric of each part of the collector.
MEASURED = {"block_time_seconds", "emergency_mode", "oracle_price", "api_response_time_ms", "operation_duration_ms_count", "javascript_errors_total"}
JOBS = {"api", "collect", "watchbell", "node", "postgres", "prometheus", "alertmanager"}


class Stack:
    """The services while they run."""

    def __init__(self):
        self.held = Held(ROOT)
        self.there = self.held.installed() / "deploy"
        self.compose = documents(self.there / "compose.yaml")[0]["services"]
        self.running, self.begun, self.pages = {}, time.monotonic(), []
        # What else is to be done: with Prometheus's folder before it starts, with the stack once Watchbell is ready.
        self.before_prometheus = self.once_ready = lambda _: None
        self.state = self.held.scratch / "state"
        self.state.mkdir()
        self.state.chmod(0o755)
        for folder in ("watchbell", "collect", "prometheus", "alertmanager", "postgres"):
            (self.state / folder).mkdir()

    def say(self, text):
        print(f"{time.monotonic() - self.begun:5.1f} s  {text}", flush=True)

    def network(self):
        """Brings loopback up, and gives every service its name."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            fcntl.ioctl(one, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
        hosts = self.held.scratch / "hosts"
        hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *self.compose)), encoding="utf-8")
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)

    def places(self, name):
        """Where the paths of a service's container lie here."""
        mounts = {"/run/secrets": self.there / "secrets", "/host": "/", "/textfile": self.there / "textfile"}
        for mount in self.compose[name].get("volumes", []):
            source, target = mount.split(":")[:2]
            mounts[target] = (self.there / source).resolve() if source.startswith(".") else self.state / name
        return mounts

    def configured(self, name, *files):
        """Writes the configurations of a service anew with its paths as they are here; nothing else of them changes."""
        for file in files:
            path = self.there / file
            path.write_text(moved(path.read_text(encoding="utf-8"), self.places(name)), encoding="utf-8")

    def start(self, name, program, command=None, **environment):
        """Starts a service with the arguments that compose.yaml gives it."""
        arguments = self.compose[name]["command"] if command is None else command
        arguments = [moved(argument, self.places(name)) for argument in arguments]
        log = open(self.held.scratch / f"{name}.log", "w", encoding="utf-8")
        self.running[name] = subprocess.Popen([program, *arguments], stdout=log, stderr=log, cwd=self.state, env={**os.environ, **environment})

    def log(self, name):
        return (self.held.scratch / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def wait(self, what, found, seconds=90):
        """Waits until `found` gives something; says which service ended meanwhile, with its last words."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for name, process in self.running.items():
                if process.poll() is not None:
                    raise AssertionError(f"{name} has ended with {process.returncode}:\n{self.log(name)[-2000:]}")
            value = found()
            if value:
                self.say(what)
                return value
            time.sleep(0.1)
        logs = "\n".join(f"--- {name}\n{self.log(name)[-1500:]}" for name in self.running)
        raise AssertionError(f"does not come: {what}\n{logs}")

    def end(self):
        for process in reversed(self.running.values()):
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        self.held.tidy()


def ask(url, token=None, lines=False):
    """What a server answers: JSON, or nothing while it does not."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            body = answer.read().decode("utf-8")
            return body if lines else json.loads(body or "null")
    except (OSError, ValueError):
        return None


def query(text):
    """The result of a PromQL query."""
    answer = ask(f"http://prometheus:9090/api/v1/query?query={urllib.request.quote(text)}")
    return answer["data"]["result"] if answer and answer.get("status") == "success" else []


def firing(url, token=None):
    """The names of the alerts that an Alertmanager, or who speaks like one, lists."""
    return {it["labels"]["alertname"] for it in ask(f"{url}/api/v2/alerts", token) or []}


def viewer(stack):
    """What somebody shows who only reads."""
    return (stack.there / "secrets/watchbell_viewer_token").read_text(encoding="utf-8")


def receiver(stack):
    """Takes what Watchbell sends to the status page's hook."""

    class Hook(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            stack.pages.append(self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8"))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (stack.there / "secrets/status_hook_url").write_text(f"http://127.0.0.1:{server.server_port}/", encoding="utf-8")


def postgres(stack):
    """A database as compose.yaml describes it: its user, its name, its password."""
    bins = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not bins:
        raise Missing("no PostgreSQL")
    home, bin_folder = stack.state / "postgres", bins[-1].parent
    password = stack.there / "secrets/postgres_password"
    shutil.copy(password, home / "password")
    # It does not start as root.
    shutil.chown(home, "postgres", "postgres")
    shutil.chown(home / "password", "postgres", "postgres")
    stack.held.scratch.chmod(0o755)
    drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    subprocess.run([*drop, bin_folder / "initdb", "-D", home / "data", "-U", "pentagold", "-A", "scram-sha-256", f"--pwfile={home}/password", "--no-sync"], check=True, capture_output=True, cwd=home)
    stack.start("postgres", drop[0], [*drop[1:], str(bin_folder / "postgres"), "-D", str(home / "data"), "-h", "127.0.0.1", "-k", str(home), "-c", "fsync=off"])
    environment = {**os.environ, "PGPASSWORD": password.read_text(encoding="utf-8")}
    making = ["psql", "-h", "postgres", "-U", "pentagold", "-d", "postgres", "-c", "create database pentagold"]
    stack.wait("PostgreSQL answers", lambda: subprocess.run(making, env=environment, capture_output=True, check=False).returncode == 0)
    exporter = stack.held.tool("prometheus-postgres-exporter", PARTS / "exporters/root/usr/bin/prometheus-postgres-exporter")
    given = {key: moved(value, stack.places("postgres-exporter")) for key, value in stack.compose["postgres-exporter"]["environment"].items()}
    stack.start("postgres-exporter", exporter, [], **given)


def start_all(stack):
    """Every service that can run here."""
    held = stack.held
    receiver(stack)
    stack.configured("watchbell", "watchbell/watchbell.yaml")
    # Both services of one image read one file; the collector's own has its state.
    stack.configured("collect", "watchbell/collect.yaml")
    stack.configured("prometheus", "prometheus/prometheus.yml")
    stack.configured("alertmanager", "alertmanager/alertmanager.yml")
    held.tool("anvil")
    contracts = str(held.scratch / "contracts.json")
    stack.start("testnet", str(ROOT / "deploy/testnet/start"), [], BLOCK_TIME="1", AT=contracts)
    stack.start("node-exporter", held.tool("prometheus-node-exporter", PARTS / "exporters/root/usr/bin/prometheus-node-exporter"))
    stack.before_prometheus(stack.state / "prometheus")
    stack.start("alertmanager", held.tool("prometheus-alertmanager"))
    # Both before Prometheus, which says an alert again only after a minute where nobody was there to hear it.
    stack.start("watchbell", held.watchbell())
    stack.wait("Watchbell is ready", lambda: ask("http://watchbell:9095/-/ready", lines=True))
    stack.wait("the Alertmanager is ready", lambda: ask("http://alertmanager:9093/-/ready", lines=True))
    stack.once_ready(stack)
    stack.start("prometheus", held.tool("prometheus"))
    postgres(stack)
    modules = PARTS / "clients/node/node_modules"
    if not modules.is_dir():
        raise Missing("no Express for the application: scripts/setup")
    stack.start("application", held.tool("node"), [str(ROOT / "deploy/application/server.cjs")], NODE_PATH=str(modules))
    stack.wait("the chain has its contracts", lambda: Path(contracts).exists())
    stack.start("collect", held.watchbell())
    return contracts


def story(stack):
    """Starts everything; what has to come true then, in its order."""
    stack.network()
    contracts = start_all(stack)
    up = lambda: {it["metric"]["job"] for it in query('up{job!=""} == 1')}
    stack.wait(f"scraped: {', '.join(sorted(JOBS))}", lambda: up() >= JOBS)
    told = lambda: {it["url"] for it in ((ask("http://prometheus:9090/api/v1/alertmanagers") or {}).get("data") or {}).get("activeAlertmanagers", [])}
    stack.wait("Prometheus tells both Watchbell and the Alertmanager", lambda: len(told()) == 2)
    stack.wait("PostgreSQL and the machine are measured", lambda: query('pg_up{job="postgres"} == 1') and query('node_memory_MemAvailable_bytes{job="node"} > 0'))
    measured = lambda: {it["metric"]["__name__"] for it in query('count by (__name__) ({job="collect"})')}
    stack.wait(f"the collector measures: {', '.join(sorted(MEASURED))}", lambda: measured() >= MEASURED)
    stack.say(f"{len(measured())} metrics of the collector in Prometheus")
    paused(stack, contracts)


def heartbeat(stack):
    """Prometheus's Watchdog arrives. It may take a minute: a Prometheus finds those it tells one after the other, and whom its first
    evaluation missed it tells at the next occasion."""
    stack.wait("Watchbell hears the Watchdog of Prometheus", lambda: "Watchdog" in firing("http://watchbell:9095", viewer(stack)))


def down(stack):
    """Watchbell is gone, and somebody else says so."""
    stack.running.pop("watchbell").kill()
    stack.say("Watchbell is killed")
    stack.wait("the Alertmanager knows that Watchbell is down", lambda: "WatchbellDown" in firing("http://alertmanager:9093"), 150)


def paused(stack, contracts):
    """A contract is paused, and somebody is paged."""
    testnet = ["node", str(ROOT / "scripts/testnet/testnet.mjs"), "http://testnet:8545", "--at", contracts]
    subprocess.run([*testnet, "pause", "drill"], check=True, capture_output=True)
    stack.say("a contract is paused")
    stack.wait("the status page's hook is told of EmergencyPause", lambda: any("EmergencyPause" in page for page in stack.pages))
    stack.wait("Watchbell lists it", lambda: "EmergencyPause" in firing("http://watchbell:9095", viewer(stack)))
    stack.wait("the Alertmanager lists it", lambda: "EmergencyPause" in firing("http://alertmanager:9093"))


def main(arguments):
    stack = Stack()
    try:
        story(stack)
        heartbeat(stack)
        if "--down" in arguments:
            down(stack)
    except Missing as why:
        print(f"run-deploy: not run: {why}", file=sys.stderr)
        return 3
    except (AssertionError, subprocess.CalledProcessError) as wrong:
        print(f"run-deploy: {wrong}", file=sys.stderr)
        return 1
    finally:
        stack.end()
    print("run-deploy: the stack works")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
