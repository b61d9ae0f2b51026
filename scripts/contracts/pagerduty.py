"""PagerDuty Events API v2.  https://developer.pagerduty.com/docs/events-api-v2-overview

202 means queued. What becomes of it is told in `effect`: a trigger on an open key joins it and does not change its
summary; a trigger on an acknowledged key wakes nobody; one on a resolved key opens anew; an acknowledgement or
a resolve without an open alert is dropped in silence.
"""
from datetime import datetime
import hashlib
import hmac
import uuid

from . import Answer

MAX_BODY = 512 * 1024
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")


def signed(secret, body, _now):
    """The headers under which PagerDuty sends `body`: https://developer.pagerduty.com/docs/verifying-webhook-signatures.
    While a secret is changed there are two signatures; the first here is of a secret that nobody has any more."""
    proofs = [hmac.new(key.encode(), body, hashlib.sha256).hexdigest() for key in ("the one before", secret)]
    return {"X-PagerDuty-Signature": ", ".join(f"v1={proof}" for proof in proofs), "X-Webhook-Id": str(uuid.uuid4()),
            "Content-Type": "application/json"}


def is_iso8601(text):
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
        return True
    except (AttributeError, ValueError):
        return False


def payload_faults(payload):
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    faults = [f"'payload.{key}' is missing or blank" for key in ("summary", "source", "severity") if not payload.get(key)]
    if len(str(payload.get("summary", ""))) > 1024:
        faults.append("'payload.summary' is longer than 1024 characters")
    if payload.get("severity") and payload["severity"] not in SEVERITIES:
        faults.append(f"'payload.severity' is invalid (must be one of {', '.join(SEVERITIES)})")
    if "timestamp" in payload and not is_iso8601(payload["timestamp"]):
        faults.append("'payload.timestamp' is not an ISO 8601 time")
    if not isinstance(payload.get("custom_details", {}), dict):
        faults.append("'payload.custom_details' is not an object")
    return faults


def event_faults(event):
    """What PagerDuty would list under `errors`."""
    if not isinstance(event, dict):
        return ["the event is not a JSON object"]
    faults = []
    if len(str(event.get("routing_key", ""))) != 32:
        faults.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    action = event.get("event_action")
    if action not in ACTIONS:
        faults.append(f"'event_action' is invalid (must be one of {', '.join(ACTIONS)})")
    if len(str(event.get("dedup_key", ""))) > 255:
        faults.append("'dedup_key' is longer than 255 characters")
    if action in ("acknowledge", "resolve") and not event.get("dedup_key"):
        faults.append(f"'dedup_key' is required to {action}")
    if action == "trigger":
        faults += payload_faults(event.get("payload"))
    faults += ["'links' need an 'href'" for link in event.get("links", []) if not link.get("href")]
    faults += ["'images' need an https 'src'" for image in event.get("images", [])
               if not str(image.get("src", "")).startswith("https://")]
    return faults


class PagerDuty:
    """The alerts that are open or acknowledged, by routing key and dedup key."""

    def __init__(self):
        self.alerts = {}

    def answer(self, request):
        if len(request.body) > MAX_BODY:
            return Answer(413, {"status": "invalid event", "message": "payload too large"}, "refused: body over 512 KB")
        event = request.json()
        faults = event_faults(event)
        if faults:
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": faults}
            return Answer(400, body, "; ".join(["refused", *faults]))
        key = event.get("dedup_key") or uuid.uuid4().hex
        body = {"status": "success", "message": "Event processed", "dedup_key": key}
        return Answer(202, body, effect=self.fold((event["routing_key"], key), event["event_action"]))

    def fold(self, key, action):
        """What the event makes of the alert under `key`, in a word."""
        state = self.alerts.get(key)
        if action == "trigger":
            self.alerts[key] = "acknowledged" if state == "acknowledged" else "open"
            return {None: "opened", "resolved": "reopened", "open": "joined", "acknowledged": "swallowed"}[state]
        if state in (None, "resolved"):
            return "dropped: nothing is open under this key"
        self.alerts[key] = action + "d" if action == "resolve" else "acknowledged"
        return self.alerts[key]
