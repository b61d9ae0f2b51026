#!/usr/bin/env python3
"""Stands before a chain node and lies as it is told.

  liar.py FOLDER HOST:PORT

Prints `listening on HOST:PORT HOST:PORT`: the first answers as the node does, until POST /lie names a lie; the second leads to
the node itself over TLS, under the certificate ca.pem that is written into FOLDER. Everything ends with the process.
"""
import json
import pathlib
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NODE = ""
LIE = "truth"
LIMITED = {"code": -32005, "message": "daily request count exceeded, request rate limited"}


def number(text):
    return int(text, 16)


def ask(question):
    request = urllib.request.Request(f"http://{NODE}", json.dumps(question).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def one(question):
    """The node's answer to one question, with the lie of the hour."""
    method, params = question["method"], question.get("params", [])
    is_latest = method == "eth_getBlockByNumber" and params[0] == "latest"
    if LIE == "lag" and is_latest:
        height = number(ask({**question, "method": "eth_blockNumber", "params": []})["result"])
        question = {**question, "params": [hex(height - 40), False]}
    if LIE == "narrow" and method == "eth_getLogs" and "fromBlock" in params[0]:
        if number(params[0]["toBlock"]) - number(params[0]["fromBlock"]) > 100:
            return {"jsonrpc": "2.0", "id": question["id"], "error": {"code": -32005, "message": "query returned more than 10000 results"}}
    if LIE == "forgetful" and method == "eth_call":
        return {"jsonrpc": "2.0", "id": question["id"], "error": {"code": -32000, "message": "missing trie node 1a2b (path )"}}
    answer = ask(question)
    result = answer.get("result")
    if LIE == "limited":
        return {"jsonrpc": "2.0", "id": question["id"], "error": LIMITED}
    if LIE == "chain" and method == "eth_chainId":
        answer["result"] = "0x1"
    elif LIE == "future" and isinstance(result, dict) and "timestamp" in result:
        result["timestamp"] = hex(number(result["timestamp"]) + 3600)
    elif LIE == "leap" and is_latest:
        result["number"] = hex(number(result["number"]) + 1_000_000)
    elif LIE == "fickle" and method == "eth_getBlockByNumber" and result:
        result["hash"] = "0x" + secrets.token_hex(32)
    elif LIE == "twice" and method == "eth_getLogs" and result:
        answer["result"] = result + result
    return answer


class Liar(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global LIE
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/lie":
            LIE = body.decode()
            return self.answer(200, b"")
        if LIE == "hang":
            time.sleep(20)
        if LIE == "html":
            return self.answer(200, b"<!DOCTYPE html><title>Checking your browser</title>", "text/html")
        if LIE == "huge":
            return self.answer(200, b'{"jsonrpc":"2.0","id":1,"result":"' + b"0" * (17 << 20) + b'"}')
        if LIE == "status":
            return self.answer(503, b"no healthy upstream", "text/plain")
        if LIE == "busy":
            return self.answer(429, b"", retry_after="2")
        questions = json.loads(body)
        answer = [one(question) for question in questions] if isinstance(questions, list) else one(questions)
        self.answer(200, json.dumps(answer).encode())

    def answer(self, status, body, kind="application/json", retry_after=None):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        if retry_after:
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Who asked has gone away meanwhile; that is the point of half of the lies."""


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "ca.pem", "-days", "2",
         "-subj", "/CN=node", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"],
        cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pathlib.Path(folder) / "ca.pem", pathlib.Path(folder) / "key.pem")
    return context


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def carry(client, context):
    try:
        client = context.wrap_socket(client, server_side=True)
        host, port = NODE.split(":")
        node = socket.create_connection((host, int(port)))
    except OSError:
        return
    for pair in ((client, node), (node, client)):
        threading.Thread(target=pump, args=pair, daemon=True).start()


def accept(listener, context):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=carry, args=(client, context), daemon=True).start()


if __name__ == "__main__":
    folder, NODE = sys.argv[1:]
    tls = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(tls, certificate(folder)), daemon=True).start()
    server = Quiet(("127.0.0.1", 0), Liar)
    print(f"listening on 127.0.0.1:{server.server_port} 127.0.0.1:{tls.getsockname()[1]}", flush=True)
    server.serve_forever()
