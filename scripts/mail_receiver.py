#!/usr/bin/env python3
"""A mail server that takes everything, on aiosmtpd; what arrived is read by Python's own `email` package.

  mail_receiver.py [--tls starttls|implicit] [--cert FILE --key FILE] [--login USER:PASSWORD] [--auth PLAIN,LOGIN]

Prints `smtp 127.0.0.1:PORT http 127.0.0.1:PORT` and then serves, on loopback only, until it is ended. Over HTTP:

  GET  /log            every mail that came to its final dot, and every receiver that was refused, in order
  POST /_control       makes it misbehave:
    {"at": "mail", "code": 421}                             answers MAIL like this, `next` (1) times
    {"at": "rcpt", "to": "bad@example.org", "code": 550}    answers RCPT like this; for everybody, where there is no `to`
    {"at": "data", "code": 451}                             answers the final dot like this; the mail is not taken
    {"at": "data", "do": "close"}                           takes the mail and closes the connection without an answer
    {"at": "data", "do": "slow", "seconds": 2}              takes the mail and answers after a while
    {"at": "ehlo", "do": "hide", "what": "AUTH"}            does not offer this any more

An entry of a mail has: `sender`, `receivers`, `tls`, `user`, `code`, `headers` (decoded, each a list), `parts` (type and
text of each leaf), `defects` (of the mail, its parts and headers) and `longest` (its longest line in octets).
"""
import argparse
import asyncio
import email
import email.policy
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    # Help is given without it; `main` says what is missing.
    SMTP, AuthResult = object, None


class World:
    """What arrived, and the plans against it."""

    def __init__(self):
        self.entries = []
        self.plans = []
        self.lock = threading.Lock()

    def control(self, wish):
        if wish.get("at") not in ("mail", "rcpt", "data", "ehlo"):
            raise ValueError("`at` must be mail, rcpt, data or ehlo")
        with self.lock:
            self.plans.append({"next": 1, "do": "answer", **wish})

    def plan(self, at, to=None):
        with self.lock:
            for plan in self.plans:
                if plan["at"] == at and plan.get("to") in (None, to):
                    plan["next"] -= 1
                    if plan["next"] <= 0:
                        self.plans.remove(plan)
                    return plan
        return None

    def note(self, **entry):
        with self.lock:
            self.entries.append({"n": len(self.entries) + 1, "time": time.time(), **entry})


def as_read(raw):
    """What Python's email package makes of the octets."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    headers, defects = {}, []
    for name, value in mail.items():
        headers.setdefault(name.lower(), []).append(str(value))
        defects += [f"{name}: {defect!r}" for defect in value.defects]
    parts = []
    for part in mail.walk():
        defects += [f"{part.get_content_type()}: {defect!r}" for defect in part.defects]
        if not part.is_multipart():
            parts.append({"type": part.get_content_type(), "text": part.get_content().replace("\r\n", "\n")})
    return {"headers": headers, "kind": mail.get_content_type(), "parts": parts, "defects": defects,
            "longest": max(len(line) for line in raw.split(b"\r\n")),
            "bare": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r")}


class Handler:
    """What aiosmtpd asks at each command. Its own answers hold to the standard; only plans make other ones."""

    def __init__(self, world):
        self.world = world

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        hidden = [plan["what"] for plan in self.world.plans if plan["at"] == "ehlo"]
        kept = [line for line in responses if not any(line[4:].startswith(word) for word in hidden)]
        # The last line has a space after its code, the others a hyphen.
        return [f"{line[:3]}-{line[4:]}" for line in kept[:-1]] + [f"{kept[-1][:3]} {kept[-1][4:]}"]

    async def handle_MAIL(self, server, session, envelope, address, options):
        plan = self.world.plan("mail")
        if plan:
            return f"{plan['code']} as planned"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        plan = self.world.plan("rcpt", address)
        if plan:
            self.world.note(refused=address, code=plan["code"])
            return f"{plan['code']} as planned"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        plan = self.world.plan("data") or {"do": "answer", "code": 250}
        code = plan.get("code", 250)
        user = session.auth_data.login.decode() if session.authenticated else None
        self.world.note(sender=envelope.mail_from, receivers=envelope.rcpt_tos, tls=session.ssl is not None
                        or server.transport.get_extra_info("ssl_object") is not None, user=user,
                        hello=session.host_name, code=code if plan["do"] != "close" else None,
                        **as_read(envelope.original_content))
        if plan["do"] == "slow":
            await asyncio.sleep(plan["seconds"])
        if plan["do"] == "close":
            server.transport.abort()
        return f"{code} as planned" if plan["do"] == "answer" and code != 250 else "250 taken"


def authenticator(login):
    def judge(server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == login, handled=False, auth_data=data)
    return judge


class Control(BaseHTTPRequestHandler):
    """The log and the plans over HTTP."""

    def log_message(self, *_):
        """The log is that of the mails."""

    def do_GET(self):
        with self.server.world.lock:
            self.send(200, {"entries": self.server.world.entries})

    def do_POST(self):
        try:
            self.server.world.control(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        except (ValueError, KeyError, TypeError) as error:
            return self.send(400, {"error": str(error)})
        return self.send(200, {"done": True})

    def send(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


async def serve(options, world, http_port):
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    more = {}
    if options.login:
        more = {"authenticator": authenticator(options.login), "auth_required": True, "auth_require_tls": True,
                "auth_exclude_mechanism": [name for name in ("PLAIN", "LOGIN") if name not in options.auth.split(",")]}
        if options.tls == "implicit":
            # It knows only of TLS that began with STARTTLS.
            more["auth_require_tls"] = False

    def session():
        return SMTP(Handler(world), hostname="mail.test", tls_context=context if options.tls == "starttls" else None,
                    require_starttls=options.tls == "starttls", **more)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if options.tls == "implicit" else None)
    port = server.sockets[0].getsockname()[1]
    print(f"smtp 127.0.0.1:{port} http 127.0.0.1:{http_port}", flush=True)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description="A mail server that takes everything, and says what it was.")
    parser.add_argument("--tls", choices=["starttls", "implicit"])
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--login", help="USER:PASSWORD without which nothing is taken")
    parser.add_argument("--auth", default="PLAIN,LOGIN", help="the mechanisms that are offered")
    options = parser.parse_args()
    if AuthResult is None:
        parser.exit(2, "aiosmtpd is not installed: pip install aiosmtpd\n")
    world = World()
    control = ThreadingHTTPServer(("127.0.0.1", 0), Control)
    control.daemon_threads = True
    control.world = world
    threading.Thread(target=control.serve_forever, daemon=True).start()
    try:
        asyncio.run(serve(options, world, control.server_port))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
