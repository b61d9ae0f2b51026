"""An application with endpoints of every kind, good and bad, for tests/real/endpoints.rs.

    awkward.py PORT [CERTIFICATE KEY]       listens on loopback; with a certificate it speaks TLS
"""
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Awkward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status=200, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        kind = self.path.strip("/")
        if kind == "good":
            self.answer(body=b'{"price": "3350.12", "status": "ok"}')
        elif kind == "zero":
            self.answer(body=b'{"price": "0", "status": "ok"}')
        elif kind == "page":
            self.answer(body=b"<html>We will be back soon</html>")
        elif kind == "error":
            self.answer(503, b"overloaded")
        elif kind == "moved":
            self.answer(302, headers=[("Location", "/good")])
        elif kind == "slow":
            time.sleep(0.3)
            self.answer(body=b"at last")
        elif kind == "hangs":
            time.sleep(60)
        elif kind == "trickles":
            # The first byte is there at once, the last one never.
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(600):
                self.wfile.write(b"x")
                time.sleep(0.1)
        elif kind == "endless":
            # Without a length: as much as anybody reads.
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 65536)
        else:
            self.answer(404)

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        known = self.headers.get("Authorization") == "Bearer sesame" and body == b'{"amount":1}'
        self.answer(201 if known else 401)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Whoever hangs up is what these tests are about."""


server = Server(("127.0.0.1", int(sys.argv[1])), Awkward)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print("ready", flush=True)
server.serve_forever()
