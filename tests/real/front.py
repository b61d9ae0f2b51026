#!/usr/bin/env python3
"""Stands before a Prometheus as a company's gateway does: TLS both ways, OAuth 2 client credentials, a tenant header.

  front.py FOLDER PROMETHEUS_URL

Writes ca.pem, client.pem and client.key into FOLDER, prints `listening on https://127.0.0.1:PORT`, and from then on a line for each
request: what was asked and what was answered. A token is good for twelve seconds.
"""
import json
import pathlib
import secrets
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


CLIENT, SECRET, TENANT = "watchbell", "s3cret-of-the-client", "testnet"
TOKENS = {}


def certificates(folder):
    def run(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=front CA",
        "-addext", "basicConstraints=critical,CA:TRUE")
    for name, extra in (("server", "subjectAltName=IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth")):
        (pathlib.Path(folder) / f"{name}.ext").write_text(f"basicConstraints=CA:FALSE\n{extra}\n")
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-out", f"{name}.pem", "-extfile", f"{name}.ext")


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    prometheus = ""

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, headers, answer = self.decide(body)
        print(f"{self.command} {self.path.split('?')[0]} {status}", flush=True)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = handle_any

    def decide(self, body):
        if self.path == "/token":
            return self.token(body)
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or TOKENS.get(token, 0) < time.monotonic():
            return 401, {}, b"no token, or one that has expired\n"
        if self.headers.get("x-scope-orgid") != TENANT:
            return 400, {}, b"no such tenant\n"
        wanted = {name: value for name, value in self.headers.items() if name.lower().startswith(("content-", "x-prometheus"))}
        request = urllib.request.Request(self.prometheus + self.path, body or None, wanted, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, {"content-type": reply.headers.get("content-type", "")}, reply.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, {}, refusal.read()

    def token(self, body):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        basic = "Basic " + b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        named = self.headers.get("authorization") == basic or (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if form.get("grant_type") != "client_credentials" or not named or form.get("scope") != "metrics.read metrics.write":
            return 401, {"content-type": "application/json"}, b'{"error": "invalid_client"}'
        token = secrets.token_urlsafe(24)
        TOKENS[token] = time.monotonic() + 12
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 12}
        return 200, {"content-type": "application/json"}, json.dumps(answer).encode()

    def log_message(self, *_):
        pass


def main():
    folder, Front.prometheus = sys.argv[1:3]
    certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    context.load_verify_locations(f"{folder}/ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    server.daemon_threads = True
    # Each connection shakes hands in its own thread, so that one without a certificate keeps nobody waiting.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(f"listening on https://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


main()
