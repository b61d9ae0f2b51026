"""Standard Webhooks 1.0.  https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
import base64
import hashlib
import hmac
import re

from . import Answer

TOLERANCE_SECONDS = 5 * 60
TYPE = re.compile(r"^[a-zA-Z0-9_.]+$")


def signature(secret, id, timestamp, body):
    """`v1,…` as a sender must make it: over the exact bytes of the body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signature_fault(request, secret):
    """Why the signature does not hold; None where it does."""
    id, timestamp = request.header("webhook-id"), request.header("webhook-timestamp")
    if not id or "." in id:
        return "webhook-id is missing or contains a full stop"
    if not timestamp.isdecimal():
        return "webhook-timestamp is missing or no whole number"
    if abs(request.now - int(timestamp)) > TOLERANCE_SECONDS:
        return "webhook-timestamp is more than five minutes away"
    expected = signature(secret, id, timestamp, request.body)
    offered = request.header("webhook-signature").split()
    if not any(hmac.compare_digest(expected, one) for one in offered):
        return "no webhook-signature matches"
    return None


def body_fault(event):
    if not isinstance(event, dict):
        return "the body is not a JSON object"
    if not TYPE.match(str(event.get("type", ""))):
        return "type is missing or has other characters than letters, digits, _ and ."
    if not event.get("timestamp") or "data" not in event:
        return "timestamp or data is missing"
    return None


class Webhook:
    """An endpoint that believes nothing unsigned, once it was given a secret."""

    def __init__(self, secret=None):
        self.secret = secret
        self.seen = set()

    def answer(self, request):
        fault = signature_fault(request, self.secret) if self.secret else None
        if fault:
            return Answer(401, {"error": fault}, f"refused: {fault}")
        fault = body_fault(request.json())
        if fault:
            return Answer(400, {"error": fault}, f"refused: {fault}")
        id = request.header("webhook-id")
        effect = "repeat" if id and id in self.seen else "taken"
        self.seen.add(id)
        return Answer(200, {"received": True}, effect=effect)
