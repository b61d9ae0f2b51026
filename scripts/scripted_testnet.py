#!/usr/bin/env python3
"""The scripted testnet: each trouble of the mission's alert list, from its cause to the person who hears of it.

Everything is real: anvil with the contracts of fixtures/pentagold, a trading API on Express with our middleware, its page
in Chromium with our browser client, `watchbell collect`, Prometheus, Alertmanager, `watchbell run` with `rules/` and
`watchbell.yaml`. Slack, PagerDuty, the status hook and mail are the receivers that the tests use as well.

With `--durations short` every `for`, `interval` and wait of rules and levels is a thirtieth of what is written, at least a
second; bounds, windows of counts and everything else stay. `--durations real` takes the files as they are.
`scripts/scripted-testnet` sets up, builds and calls this.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from demo import HERE, REPOSITORY, Servers, backfill, free_port, read, start_alertmanager, start_prometheus, write

SHORTER = 30
PARTS = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "watchbell")
SECRETS = {
    "SLACK_TOKEN": "xoxb-testnet",
    "PAGERDUTY_ROUTING_KEY": "0123456789abcdef0123456789abcdef",
    "PAGERDUTY_SECURITY_ROUTING_KEY": "fedcba9876543210fedcba9876543210",
    "STATUS_HOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def post(url, body, timeout=60):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.loads(answer.read() or b"null")


# The files of the repository, with the addresses of this run and, where wanted, with shorter durations.

def shorter(text):
    """Durations of rules and of levels, divided; what counts events over a window is left alone."""
    def divided(found):
        seconds = int(found[2]) * UNITS[found[3]]
        return f"{found[1]}{max(1, seconds // SHORTER)}s"
    keys = "for|keep_firing_for|after|interval|wait|update_every|every|ack_expires"
    text = re.sub(rf"(\b(?:{keys}): )(\d+)([smhd])\b", divided, text)
    text = re.sub(r'(held\(")(\d+)([smhd])', divided, text)
    return re.sub(r"(avg_over_time\([^\[]*\[|http_requests_total[^\[]*\[)(\d+)([smhd])", divided, text)


def write_rules(folder, short):
    os.mkdir(os.path.join(folder, "rules"))
    for name in sorted(os.listdir(f"{REPOSITORY}/rules")):
        text = open(f"{REPOSITORY}/rules/{name}", encoding="utf-8").read()
        write(folder, f"rules/{name}", shorter(text) if short else text)


def write_configuration(folder, addresses, short):
    text = open(f"{REPOSITORY}/watchbell.yaml", encoding="utf-8").read()
    if short:
        head, policies = text.split("\npolicies:\n", 1)
        text = f"{head}\npolicies:\n{shorter(policies)}"
        text = re.sub(r"(\b(?:every|timeout): )(\d+)s", lambda found: f"{found[1]}1s", text)
    receivers = addresses["receivers"]
    for old, new in (
        ("url: http://127.0.0.1:9090", f"url: {addresses['prometheus']}"),
        ("http://127.0.0.1:9093", addresses["alertmanager"]),
        ("listen: 127.0.0.1:9095", f"listen: {addresses['watchbell']}"),
        ("external_url: https://watchbell.example.org", f"external_url: http://{addresses['watchbell']}"),
        ("listen: 127.0.0.1:9097", f"listen: {addresses['collect']}"),
        ("smtp://mail.example.org:587", f"smtp://{addresses['smtp']}"),
        ("https://pentagold.example", addresses["trading"]),
        ('slack: { token', f'slack: {{ api_url: "{receivers}/api", token'),
        ("pagerduty: { ", f'pagerduty: {{ api_url: "{receivers}", '),
    ):
        if old not in text:
            raise SystemExit(f"testnet: watchbell.yaml has no `{old}` any more")
        text = text.replace(old, new)
    for name, address in addresses["contracts"].items():
        text, count = re.subn(rf'(\b{name}:\s+(?:\{{ )?address: )"0x[0-9a-fA-F]+"', rf'\1"{address}"', text)
        if name != "timelock" and count != 1:
            raise SystemExit(f"testnet: watchbell.yaml names the address of {name} {count} times")
    return write(folder, "watchbell.yaml", text)


# The chain.

class Chain(threading.Thread):
    """Mines, with as many transfers in each block as are wanted, until it is told to stop."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.every, self.transfers, self.base_fee = url, 1.0, 13, 20
        self.lock, self.stop, self.fault = threading.Lock(), threading.Event(), None
        self.sender, self.taker = self.ask("eth_accounts")[5:7]
        self.nonce = int(self.ask("eth_getTransactionCount", self.sender, "latest"), 16)

    def ask(self, method, *params):
        answer = post(self.url, {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def mine(self, transfers):
        with self.lock:
            batch = [{"jsonrpc": "2.0", "id": at, "method": "eth_sendTransaction", "params": [{
                "from": self.sender, "to": self.taker, "value": "0x1", "gas": "0x5208", "nonce": hex(self.nonce + at),
                "maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**9),
            }]} for at in range(transfers)]
            refused = [answer["error"] for answer in post(self.url, batch) if "error" in answer] if batch else []
            if refused:
                raise RuntimeError(f"a transfer was refused: {refused[0]}")
            self.nonce += transfers
            self.ask("anvil_setNextBlockBaseFeePerGas", hex(int(self.base_fee * 1e9)))
            self.ask("evm_mine")

    def run(self):
        try:
            due = time.monotonic()
            while not self.stop.wait(max(0.0, due - time.monotonic())):
                began = time.monotonic()
                self.mine(round(self.transfers * self.every))
                due = began + self.every
        except Exception as fault:  # noqa: BLE001 - told by the main thread
            self.fault = fault


class Testnet:
    """Everything that is watched, and the troubles that it can have."""

    def __init__(self, folder, servers, collect):
        self.folder, self.servers, self.collect, self.visitors = folder, servers, collect, 0
        port = free_port()
        self.rpc = f"http://127.0.0.1:{port}"
        self.node(["anvil", "--host", "127.0.0.1", "--port", str(port), "--chain-id", "11155111", "--no-mining",
                   "--mnemonic-seed-unsafe", "7", "--block-base-fee-per-gas", "20000000000", "--quiet"])
        self.at = os.path.join(folder, "contracts.json")
        self.contracts = json.loads(self.tool("deploy", mine=True))
        self.chain_id = self.contracts.pop("chain_id")
        write(folder, "contracts.json", json.dumps(self.contracts))
        self.chain = Chain(self.rpc)
        self.chain.start()
        self.trading = self.start_trading()

    def node(self, command):
        log = os.path.join(self.folder, "anvil.log")
        process = subprocess.Popen(command, stdout=open(log, "wb"), stderr=subprocess.STDOUT, cwd=self.folder)
        self.servers.running.append(("anvil", process))
        for _ in range(600):
            try:
                post(self.rpc, {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}, timeout=1)
                return
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)
        raise SystemExit("testnet: anvil does not answer")

    def tool(self, *command, mine=False):
        at = ["--at", self.at] if os.path.exists(self.at) else []
        tool = ["node", f"{HERE}/testnet/testnet.mjs", self.rpc, *at, *map(str, command), *(["--mine"] if mine else [])]
        done = subprocess.run(tool, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"testnet: {' '.join(map(str, command))}: {done.stderr.strip()}")
        return done.stdout

    def start_trading(self):
        client = os.path.join(self.folder, "client")
        subprocess.run([f"{HERE}/browser-client", "build", client], check=True, stdout=subprocess.DEVNULL)
        address = self.servers.start("trading", ["node", f"{HERE}/testnet/trading.cjs", f"{client}/watchbell.min.js", self.collect],
                                     env={"NODE_PATH": f"{PARTS}/clients/node/node_modules"})
        self.trading_process = self.servers.running[-1][1]
        return address

    def control(self, **wish):
        post(f"{self.trading}/_control", wish)

    def visit(self, people):
        """So many people open the page again and again, each in a browser of their own, until everything ends."""
        for person in range(people):
            self.visitors += 1
            self.servers.start(f"visitor-{self.visitors}",
                               ["node", f"{HERE}/testnet/visitor.cjs", self.trading, str(self.visitors)],
                               ready=f"{self.trading}/_visited?at_least={self.visitors}",
                               env={"NODE_PATH": f"{PARTS}/clients/browser/node_modules"})

    def block_time(self):
        """The wall clock of the newest block: when something on the chain happened."""
        return int(self.chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


# The troubles.

class Trouble:
    """One trouble: how it is caused and ended, and who has to hear of it.

    `hears` is what the matrix of watchbell.yaml says of that severity's level: the way and the address by which it is told.
    """

    def __init__(self, name, alert, tier, level, hears, cause, end=lambda testnet: None, most=None):
        self.name, self.alert, self.tier, self.level, self.hears = name, alert, tier, level, hears
        self.cause, self.end, self.most = cause, end, most
        self.began = self.heard = None
        self.said = ""


PAGER = ("pagerduty", SECRETS["PAGERDUTY_ROUTING_KEY"])
SECURITY_PAGER = ("pagerduty", SECRETS["PAGERDUTY_SECURITY_ROUTING_KEY"])
ALERTS = ("slack", "#pentagold-alerts")
LEADS = ("slack", "#pentagold-leads")


def set_chain(**values):
    def cause(testnet):
        for name, value in values.items():
            setattr(testnet.chain, name, value)
    return cause


def on_chain(*command):
    return lambda testnet: testnet.tool(*command)


def api(endpoint, **trouble):
    return lambda testnet: testnet.control(endpoint=endpoint, **trouble)


def slow_blocks(testnet):
    """Each block is late, and carries all that has waited: the rate of transactions stays what it was."""
    testnet.chain.every = 31.0


def all_down(testnet):
    testnet.trading_process.terminate()
    testnet.trading_process.wait(timeout=10)


def visits(testnet):
    """Three people open the page, which is slow by then."""
    testnet.control(endpoint="page", delay=5.6)
    testnet.visit(3)


def rounds():
    """Troubles that do not hide each other happen at once; the next ones when all of these were heard of."""
    emergency = 15
    return [
        [
            Trouble("emergency pause", "EmergencyPause", "critical", "security-officer", SECURITY_PAGER,
                    on_chain("pause", "drill"), on_chain("unpause"), most=emergency),
            Trouble("circuit breaker trips", "CircuitBreaker", "critical", "security-officer", SECURITY_PAGER,
                    on_chain("trip"), on_chain("reset"), most=emergency),
            Trouble("gas spike: 150 gwei", "GasPriceSpike", "high", "on-call", PAGER,
                    set_chain(base_fee=150), set_chain(base_fee=20)),
            Trouble("sources 6 % apart", "OracleDeviation", "high", "on-call", PAGER,
                    on_chain("deviate", 6), on_chain("deviate", 0)),
            Trouble("page needs 5.6 s", "UserExperience", "medium", "channel", ALERTS,
                    visits, lambda testnet: testnet.control(endpoint="page", delay=0)),
        ],
        [
            Trouble("60 calls without the right", "SecurityBreach", "critical", "security-officer", SECURITY_PAGER,
                    on_chain("denied", 60)),
            Trouble("price 700 s old", "OracleStaleness", "medium", "channel", ALERTS,
                    on_chain("stale", 700), on_chain("price", 3350)),
            Trouble("price_feed needs 1.5 s", "ApiResponseTime", "medium", "channel", ALERTS,
                    api("price_feed", delay=1.5), api("price_feed", delay=0)),
            Trouble("the same, against its week", "PerformanceDegradation", "high", "on-call", PAGER, lambda testnet: None),
            Trouble("one endpoint of three fails", "HighErrorRate", "high", "on-call", PAGER,
                    api("balance_query", fail=True), api("balance_query", fail=False)),
            Trouble("2 transactions a second", "NetworkCongestion", "high", "on-call", PAGER,
                    set_chain(transfers=2), set_chain(transfers=13)),
        ],
        [
            Trouble("both price sources dead", "OracleFailure", "critical", "on-call", PAGER,
                    lambda testnet: [testnet.tool("kill", "chainlink"), testnet.tool("kill", "band")],
                    on_chain("price", 3350)),
            Trouble("blocks 31 s apart", "NetworkCongestion", "medium", "channel", ALERTS,
                    slow_blocks, set_chain(every=1.0)),
        ],
        [
            Trouble("everything down", "SystemDown", "critical", "on-call", PAGER, all_down),
            Trouble("… and nobody answers", "SystemDown", "critical", "leads", LEADS, lambda testnet: None),
            Trouble("… for a quarter of an hour", "SystemDown", "critical", "executives", ("mail", "executive-a@example.org"),
                    lambda testnet: None),
        ],
    ]


# Who heard what.

def mentions(entry, trouble, numbers):
    """Whether a message is about one of these incidents, and went where this trouble has to be heard of."""
    way, address = trouble.hears
    if entry["channel"] != way or entry["verdict"] != "accepted":
        return False
    text = json.dumps(entry["body"])
    return address in text and any(re.search(rf"INC-{number}\b|incidents/{number}\b", text) for number in numbers)


class Ears:
    """What the receivers took, and what Watchbell says of its incidents."""

    def __init__(self, receivers, mail, watchbell):
        self.receivers, self.mail, self.watchbell = receivers, mail, watchbell

    def entries(self):
        taken = json.loads(read(f"{self.receivers}/log?since=0"))["entries"]
        mails = json.loads(read(f"{self.mail}/log"))
        mails = mails["entries"] if isinstance(mails, dict) else mails
        return taken + [{"channel": "mail", "verdict": "accepted", "time": mail["time"], "body": mail}
                        for mail in mails if "receivers" in mail]

    def incidents(self, alert):
        all_of_them = json.loads(read(f"{self.watchbell}/api/v1/incidents?state=all&limit=1000"))["data"]["incidents"]
        return [incident for incident in all_of_them if incident["group"].get("alertname") == alert]

    def reached(self, number):
        story = json.loads(read(f"{self.watchbell}/api/v1/incidents/{number}"))["data"]
        return " · ".join(entry["text"] for entry in story["timeline"] if entry["kind"] in ("level", "alert_fires", "severity"))

    def hear(self, trouble):
        """Fills in when the page arrived, once it has, at the right tier and the right level."""
        incidents = [incident for incident in self.incidents(trouble.alert) if self.is_it(incident, trouble)]
        numbers = [incident["number"] for incident in incidents]
        arrived = [entry["time"] for entry in self.entries()
                   if entry["time"] >= trouble.began and mentions(entry, trouble, numbers)]
        if arrived:
            trouble.heard = min(arrived)

    def is_it(self, incident, trouble):
        story = self.reached(incident["number"])
        trouble.said = f"INC-{incident['number']} {incident['severity']}: {story}"
        return trouble.tier in story + incident["severity"] and trouble.level in story


# The run.

def start_mail(servers, folder):
    python = f"{PARTS}/root/usr/lib/python3/dist-packages"
    log = os.path.join(folder, "mail.log")
    with open(log, "wb") as output:
        process = subprocess.Popen([sys.executable, f"{HERE}/mail_receiver.py"], stdout=output, stderr=output,
                                   env={**os.environ, "PYTHONPATH": python}, stdin=subprocess.DEVNULL)
    servers.running.append(("mail", process))
    until("the mail receiver says where it listens", 30, lambda: open(log).read().endswith("\n"))
    said = open(log).read().split()
    return said[1], f"http://{said[3]}"


def until(what, seconds, state):
    """Waits for a state; says which one where it does not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = state()
        if found:
            return found
        time.sleep(0.2)
    raise SystemExit(f"testnet: waited {seconds} s in vain until {what}")


WANTED = """block_time_seconds gas_price_gwei transactions_per_second api_response_time_ms error_rate_percentage
page_load_time_ms oracle_update_latency_seconds price_deviation_percentage oracle_availability_percentage
circuit_breaker_triggers emergency_pause_events unauthorized_access_attempts endpoint_up oracle_up emergency_mode
circuit_breaker_active contract_gas_used_total http_requests_total http_request_duration_seconds_count""".split()


def missing(prometheus):
    names = "|".join(WANTED)
    answer = json.loads(read(f"{prometheus}/api/v1/query?query=" + urllib.parse.quote(f'count by (__name__) ({{__name__=~"{names}"}})')))
    return sorted(set(WANTED) - {series["metric"]["__name__"] for series in answer["data"]["result"]})


def calm(prometheus, watchbell, seconds):
    """Every metric of the mission is there, and nothing is wrong."""
    state = {"missing": WANTED, "alerts": []}

    def look():
        state["missing"] = missing(prometheus)
        alerts = json.loads(read(f"{watchbell}/api/v1/alerts"))["data"]["alerts"]
        state["alerts"] = sorted({alert["labels"]["alertname"] for alert in alerts})
        return not state["missing"] and not state["alerts"]
    try:
        until("all is calm", seconds, look)
    except SystemExit as late:
        raise SystemExit(f"{late}; missing: {state['missing']}; firing: {state['alerts']}") from None


def play(testnet, ears, troubles, seconds):
    for trouble in troubles:
        trouble.began = time.time()
        print(f"testnet: {trouble.name}", flush=True)
        trouble.cause(testnet)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not all(trouble.heard for trouble in troubles):
        if testnet.chain.fault:
            raise SystemExit(f"testnet: the chain stands still: {testnet.chain.fault}")
        for trouble in troubles:
            if not trouble.heard:
                ears.hear(trouble)
        time.sleep(0.2)
    for trouble in troubles:
        trouble.end(testnet)


def conclude(troubles, untimed):
    """The table, and whether it is as it has to be."""
    widths = [max(len(str(value)) for value in column) for column in zip(*(
        (trouble.name, trouble.alert, trouble.tier, trouble.level, trouble.hears[0]) for trouble in troubles))]
    names = ("cause", "alert", "tier", "level", "heard by")
    widths = [max(width, len(name)) for width, name in zip(widths, names)]
    print("\n" + "  ".join(name.ljust(width) for name, width in zip(names, widths)) + "  cause to page")
    wrong = 0
    for trouble in troubles:
        row = (trouble.name, trouble.alert, trouble.tier, trouble.level, trouble.hears[0])
        took = trouble.heard and trouble.heard - trouble.began
        verdict = "NOT HEARD" if took is None else f"{took:5.1f} s"
        late = not untimed and took is not None and trouble.most is not None and took > trouble.most
        verdict += f"  LATE: {trouble.most} s at most" if late else ""
        wrong += took is None or late
        print("  ".join(value.ljust(width) for value, width in zip(row, widths)) + f"  {verdict}")
    for trouble in troubles:
        if not trouble.heard:
            print(f"\n{trouble.name}: {trouble.said or 'no incident of this alert'}", file=sys.stderr)
    print(f"\ntestnet: {len(troubles) - wrong} of {len(troubles)} reached the right level at the right tier; everything is stopped again")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description="Causes each trouble of the mission's alert list, and checks who hears of it.")
    parser.add_argument("--watchbell", default="target/debug/watchbell")
    parser.add_argument("--durations", choices=("short", "real"), default="short")
    parser.add_argument("--rounds", type=int, default=len(rounds()), metavar="N", help="only the first N rounds of troubles; all, if not given")
    parser.add_argument("--untimed", action="store_true", help="whoever has to be heard of within a time may also be late")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the files and logs of the run there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    short, binary = options.durations == "short", os.path.abspath(options.watchbell)
    with tempfile.TemporaryDirectory(prefix="watchbell-testnet-") as scratch:
        folder = options.keep or scratch
        os.makedirs(folder, exist_ok=True)
        with Servers(folder) as servers:
            return run(servers, folder, binary, short, options.rounds, options.untimed)


def run(servers, folder, binary, short, how_many, untimed):
    collect, listen = (f"127.0.0.1:{free_port()}" for _ in range(2))
    receivers = servers.start("receivers", [sys.executable, f"{HERE}/receivers.py", "--webhook-secret", SECRETS["STATUS_HOOK_SECRET"]])
    smtp, mail = start_mail(servers, folder)
    alertmanager = start_alertmanager(servers, folder)
    testnet = Testnet(folder, servers, f"http://{collect}")
    host = testnet.trading.removeprefix("http://")
    # So that there is a normal to be slower than.
    backfill(folder, lambda line: "api_response_time_ms" in line)
    prometheus = start_prometheus(servers, folder, "1s" if short else "5s", [
        ("collect", collect, ""), ("trading", host, 'service: "api"'), ("watchbell", listen, ""),
    ])
    write_rules(folder, short)
    config = write_configuration(folder, {
        "prometheus": prometheus, "alertmanager": alertmanager, "receivers": receivers, "smtp": smtp, "watchbell": listen,
        "collect": collect, "trading": testnet.trading, "contracts": testnet.contracts,
    }, short)
    env = {**SECRETS, "SEPOLIA_RPC_URL": testnet.rpc, "SEPOLIA_WS_URL": testnet.rpc.replace("http", "ws"),
           "STATUS_HOOK_URL": f"{receivers}/hook"}
    servers.start("collect", [binary, "--config", config, "collect"], env=env, ready=f"http://{collect}/-/ready")
    testnet.visit(1)
    servers.start("watchbell", [binary, "--config", config, "run"], env=env, ready=f"http://{listen}/-/ready")
    print(f"testnet: anvil {testnet.rpc}, trading {testnet.trading}, collector http://{collect}, Prometheus {prometheus}, Watchbell http://{listen}", flush=True)
    print("testnet: waiting until every metric of the mission is there and nothing is wrong", flush=True)
    watchbell = f"http://{listen}"
    calm(prometheus, watchbell, 90 if short else 900)
    health = subprocess.run([binary, "--config", config, "health"], capture_output=True, text=True, env={**os.environ, **env})
    print(health.stdout, end="", flush=True)
    ears, troubles = Ears(receivers, mail, watchbell), []
    for together in rounds()[:how_many]:
        play(testnet, ears, together, 180 if short else 1500)
        troubles += together
    testnet.chain.stop.set()
    return conclude(troubles, untimed)


if __name__ == "__main__":
    sys.exit(main())
