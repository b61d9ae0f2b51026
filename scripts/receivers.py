#!/usr/bin/env python3
"""Plays Slack, PagerDuty and others who are told of incidents, each holding to its contract (`contracts/`).

  receivers.py [--port 0] [--log FILE] [--slack-token xoxb-…] [--webhook-secret whsec_…]

Prints `listening on 127.0.0.1:PORT` and then serves, on loopback only, until it is ended:

  POST …/services/T/B/X            Slack, incoming webhook
  POST …/api/chat.postMessage      Slack, Web API (and chat.update)
  POST …/v2/enqueue                PagerDuty, Events API v2
  POST …/hook, …/hook/ANY          Standard Webhooks
  POST …/am-hook                   whoever takes what an Alertmanager sends to webhooks
  POST …/workflows/ANY…            Microsoft Teams, the webhook of a workflow
  POST …/webhooks/ID/TOKEN         Discord, a webhook (and PATCH …/messages/ID)
  POST …/botID:TOKEN/sendMessage   Telegram's Bot API (and editMessageText)
  POST …/hooks/KEY                 Mattermost, incoming webhook
  POST …/api/v4/posts              Mattermost, posts of a bot (and PUT …/ID/patch)
  POST …/v2/alerts                 Opsgenie, Alert API (and …/ALIAS/close, acknowledge, notes, GET …/requests/ID)
  POST …/v2/alert_events/http/ID   incident.io, alert events
  POST …/api/PROJECT/envelope/     Sentry, envelopes
  GET or POST …/ping/ANY           a dead man's switch that takes any sign of life
  GET  /log?since=N[&wait=S]       what was received after entry N; with `wait`, answers as soon as there is any
  POST …/actions/T/1/X             Slack, the address that came with the press of a button
  POST /_control                   makes it misbehave, see `Plans`
  POST /_send                      sends a signed callback, see `send_callback`

Every request becomes one line of the log: time, channel, path, headers of interest, body, status, verdict, effect.
"""
import argparse
import base64
import json
import os
import socket
import struct
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from contracts import Answer, Request  # noqa: E402
from contracts.alertmanager_webhook import AlertmanagerWebhook  # noqa: E402
from contracts.discord import Discord  # noqa: E402
from contracts.heartbeat import Heartbeat  # noqa: E402
from contracts.incident_io import IncidentIo  # noqa: E402
from contracts.mattermost import Mattermost  # noqa: E402
from contracts.opsgenie import Opsgenie  # noqa: E402
from contracts import pagerduty, slack  # noqa: E402
from contracts.pagerduty import PagerDuty  # noqa: E402
from contracts.sentry import Sentry  # noqa: E402
from contracts.slack import Slack  # noqa: E402
from contracts.teams import Teams  # noqa: E402
from contracts.telegram import Telegram  # noqa: E402
from contracts.webhook import Webhook  # noqa: E402

OF_INTEREST = ("content-type", "user-agent", "authorization", "webhook-id", "webhook-timestamp", "webhook-signature",
               "idempotency-key", "traceparent", "x-sentry-auth")
LONGEST_HANG_SECONDS = 120


def channel_of(path):
    """Whom a path belongs to. What stands before it is free, so that one server can play several accounts."""
    last = path.rstrip("/").rsplit("/", 1)[-1]
    if "/services/" in path or "/actions/" in path or last.startswith("chat."):
        return "slack"
    parts = path.strip("/").split("/")
    if any(part.startswith("bot") and ":" in part for part in parts):
        return "telegram"
    if "/v2/alerts" in path and "/api/v2/alerts" not in path:
        return "opsgenie"
    known = {"enqueue": "pagerduty", "ping": "heartbeat", "am-hook": "alertmanager_webhook", "workflows": "teams",
             "webhooks": "discord", "hooks": "mattermost", "v4": "mattermost", "alert_events": "incident_io",
             "hook": "webhook", "envelope": "sentry"}
    return next((channel for part, channel in known.items() if part in parts), None)


def send_callback(wish):
    """Sends what Slack or PagerDuty would send, signed as they sign it, and says what was answered.

    `{"as": "slack", "url": …, "secret": …, "body": "payload=…"}`: `at` signs it at another time, and `instead` sends
    another body under the signature of `body`.
    """
    provider = {"slack": slack, "pagerduty": pagerduty}[wish["as"]]
    body = wish["body"].encode()
    headers = provider.signed(wish["secret"], body, wish.get("at", time.time()))
    sent = wish.get("instead", wish["body"]).encode()
    request = urllib.request.Request(wish["url"], sent, headers, method="POST")
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        status, text = refusal.code, refusal.read()
    return {"status": status, "body": text.decode("utf-8", "replace"), "took": time.monotonic() - started}


class Plans:
    """How the next answers shall go wrong.

    `{"channel": "slack", "next": 2, "do": "status", "status": 429, "retry_after": 1}`: `channel` is one of them or
    `*`, `path` (where given) how the path begins, `next` says how many, and `do` is one of
      status  answers `status` (with `retry_after` as the header, `headers`, `body` as the text); the message is not taken
      slow    answers as ever, after `seconds`
      hang    takes the message and never answers
      close   takes the message and closes the connection without an answer
      reset   takes the message and resets the connection
      lie     answers 200 with a page that is no answer of that provider; the message is not taken
      calm    forgets all plans
    `hang`, `close` and `reset` do not take the message where `"taken": false` is given.
    """

    DEEDS = ("status", "slow", "hang", "close", "reset", "lie", "calm")

    def __init__(self):
        self.plans = []

    def add(self, plan):
        if plan.get("do") not in self.DEEDS:
            raise ValueError(f"`do` must be one of {', '.join(self.DEEDS)}")
        if plan["do"] == "calm":
            self.plans.clear()
        else:
            self.plans.append({"channel": "*", "next": 1, **plan})

    def take(self, channel, path):
        """The plan for the next answer of `channel` at `path`, used up by one; None for an honest one."""
        for plan in self.plans:
            if plan["channel"] in ("*", channel) and path.startswith(plan.get("path", "")):
                plan["next"] -= 1
                if plan["next"] <= 0:
                    self.plans.remove(plan)
                return plan
        return None


class Log:
    """Every request, in order; in memory for readers and as lines in a file."""

    def __init__(self, path):
        self.entries = []
        self.file = open(path, "a", buffering=1, encoding="utf-8") if path else None
        self.grown = threading.Condition()

    def append(self, entry):
        with self.grown:
            entry = {"n": len(self.entries) + 1, **entry}
            self.entries.append(entry)
            if self.file:
                self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self.grown.notify_all()

    def since(self, n, wait):
        with self.grown:
            self.grown.wait_for(lambda: len(self.entries) > n, timeout=wait)
            return {"entries": self.entries[n:], "next": len(self.entries)}


class World:
    """The providers, their log and the plans against them."""

    def __init__(self, options):
        self.channels = {"slack": Slack(options.slack_token), "pagerduty": PagerDuty(),
                         "webhook": Webhook(options.webhook_secret), "heartbeat": Heartbeat(), "teams": Teams(),
                         "discord": Discord(), "telegram": Telegram(), "mattermost": Mattermost(),
                         "opsgenie": Opsgenie(), "incident_io": IncidentIo(), "sentry": Sentry(),
                         "alertmanager_webhook": AlertmanagerWebhook()}
        self.plans = Plans()
        self.log = Log(options.log)
        self.lock = threading.Lock()
        # A clock that a test has set; None is the real one.
        self.now = None

    def control(self, wish):
        with self.lock:
            if "webhook_secret" in wish:
                secret = wish["webhook_secret"]
                base64.b64decode((secret or "").removeprefix("whsec_"), validate=True)
                self.channels["webhook"].secret = secret
            if "now" in wish:
                self.now = wish["now"]
            if "acknowledge" in wish:
                self.acknowledge(wish["acknowledge"])
            if "do" in wish:
                self.plans.add(wish)

    def acknowledge(self, dedup_key):
        """What a person does in PagerDuty's app: later triggers on this key wake nobody."""
        alerts = self.channels["pagerduty"].alerts
        for key in [key for key in alerts if key[1] == dedup_key and alerts[key] == "open"]:
            alerts[key] = "acknowledged"

    def receive(self, channel, request):
        """The answer and the plan for it, logged before anything is sent back."""
        with self.lock:
            plan = self.plans.take(channel, request.path) or {"do": "answer"}
            if self.now is not None:
                request.now = self.now
            answer = self.decide(channel, request, plan)
            self.log.append({
                "time": time.time(), "channel": channel, "method": request.method, "path": request.path,
                "headers": {name: request.header(name) for name in OF_INTEREST if request.header(name)},
                "body": request.json() if request.json() is not None else request.body.decode("utf-8", "replace"),
                "status": None if plan["do"] in ("hang", "close", "reset") else answer.status,
                "verdict": answer.verdict, "effect": answer.effect, "plan": plan["do"],
            })
            return answer, plan

    def decide(self, channel, request, plan):
        if plan["do"] == "status":
            headers = dict(plan.get("headers", {}))
            if "retry_after" in plan:
                headers["Retry-After"] = str(plan["retry_after"])
            return Answer(plan["status"], plan.get("body", "as planned"), "not taken: as planned", headers=headers)
        if plan["do"] == "lie":
            return Answer(200, "<html><body>Sign in to the Wi-Fi</body></html>", "not taken: as planned")
        if plan.get("taken") is False:
            return Answer(503, "", "not taken: as planned")
        return self.channels[channel].answer(request)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; without this the second waits for the peer's delayed acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Our log is the one above; the default one would write to the terminal."""

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        channel = channel_of(url.path)
        if channel in ("heartbeat", "opsgenie"):
            return self.carry_out(*self.server.world.receive(channel, self.as_request("GET", b"")))
        if url.path != "/log":
            return self.send(Answer(404, {"error": "only /log is read here"}))
        query = dict(urllib.parse.parse_qsl(url.query))
        return self.send(Answer(200, self.server.world.log.since(int(query.get("since", 0)), float(query.get("wait", 0)))))

    def do_POST(self):
        body = self.read_body()
        path = self.path.split("?")[0]
        if path == "/_control":
            return self.control(body)
        if path == "/_send":
            return self.send_for_a_test(body)
        channel = channel_of(path)
        if channel is None:
            return self.send(Answer(404, {"error": "nobody lives here"}))
        answer, plan = self.server.world.receive(channel, self.as_request(self.command, body))
        return self.carry_out(answer, plan)

    # An edit, as Discord and Mattermost have it.
    do_PATCH = do_PUT = do_POST

    def as_request(self, method, body):
        url = urllib.parse.urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(url.path, headers, body, time.time(), method, url.query)

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return b"".join(parts)

    def control(self, body):
        try:
            self.server.world.control(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            return self.send(Answer(400, {"error": str(error)}))
        return self.send(Answer(200, {"done": True}))

    def send_for_a_test(self, body):
        try:
            return self.send(Answer(200, send_callback(json.loads(body))))
        except (ValueError, KeyError, TypeError, OSError) as error:
            return self.send(Answer(400, {"error": str(error)}))

    def carry_out(self, answer, plan):
        deed = plan["do"]
        if deed == "hang":
            self.wait_until_the_caller_leaves(plan.get("seconds", LONGEST_HANG_SECONDS))
        if deed == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if deed in ("hang", "close", "reset"):
            self.close_connection = True
            self.connection.close()
            return
        if deed == "slow":
            time.sleep(plan.get("seconds", 1))
        self.send(answer)

    def wait_until_the_caller_leaves(self, seconds):
        self.connection.settimeout(seconds)
        try:
            self.connection.recv(1)
        except OSError:
            pass  # the time is up or the caller has reset: either way the hang is over

    def send(self, answer):
        is_text = isinstance(answer.body, str)
        body = (answer.body if is_text else json.dumps(answer.body)).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/plain" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A caller that goes away mid-answer is what crash tests do; anything else is our own mistake and shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description="Plays Slack, PagerDuty and a Standard Webhooks endpoint.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", help="append every request to this file, one JSON line each")
    parser.add_argument("--slack-token", help="the only token accepted; otherwise any xoxb-… is")
    parser.add_argument("--webhook-secret", help="whsec_…; without it signatures are not verified")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.world = World(options)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
