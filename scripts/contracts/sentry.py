"""Sentry, envelopes.  https://develop.sentry.dev/sdk/foundations/transport/envelopes/"""
import json
import re

from . import Answer

MAX_EVENT = 1024 * 1024
AUTH = re.compile(r"^Sentry (?:\w+=[^,]+, )*sentry_key=\w+$")


def parts_of(body):
    """The header and the items of an envelope, each with its payload; the faults of its form."""
    head, _, rest = body.partition(b"\n")
    faults, items = [], []
    header = json.loads(head)
    if not re.fullmatch(r"[0-9a-f]{32}", header.get("event_id", "")):
        faults.append("event_id is not 32 hexadecimal digits")
    while rest.strip(b"\n"):
        line, _, rest = rest.partition(b"\n")
        item = json.loads(line)
        length = item.get("length")
        if length is None:
            payload, _, rest = rest.partition(b"\n")
        else:
            payload, after, rest = rest[:length], rest[length:length + 1], rest[length + 1:]
            if len(payload) != length or after not in (b"\n", b""):
                faults.append("length is not that of the payload")
        items.append((item, payload))
    return header, items, faults


class Sentry:
    """One project, and what was reported to it."""

    def __init__(self):
        self.reports = {}

    def answer(self, request):
        if not re.search(r"/api/\d+/envelope/$", request.path):
            return Answer(404, {"detail": "not found"}, "refused: no such project")
        if request.header("content-type") != "application/x-sentry-envelope":
            return Answer(400, {"detail": "content type"}, "refused: not an envelope")
        if not AUTH.match(request.header("x-sentry-auth")):
            return Answer(401, {"detail": "missing authorization"}, "refused: no key")
        if b"\r" in request.body:
            return Answer(400, {"detail": "invalid envelope"}, "refused: lines end with \\n alone")
        try:
            header, items, faults = parts_of(request.body)
            events = [json.loads(payload) for item, payload in items if item.get("type") == "event"]
        except (ValueError, AttributeError):
            return Answer(400, {"detail": "invalid envelope"}, "refused: not JSON lines")
        faults += ["more than one event"] if len(events) != 1 else []
        faults += ["an event over 1 MiB" for _, payload in items if len(payload) > MAX_EVENT]
        for event in events:
            faults += ["the event has another id" for _ in [0] if event.get("event_id") != header["event_id"]]
            faults += [f"{key} is missing" for key in ("timestamp", "platform", "level") if not event.get(key)]
            if event.get("level") not in ("fatal", "error", "warning", "info", "debug"):
                faults.append("level is unknown")
            faults += [f"tag {name} is longer than 200" for name, value in event.get("tags", {}).items() if len(value) > 200]
        if faults:
            return Answer(400, {"detail": "invalid", "causes": faults}, "; ".join(["refused", *faults]))
        group = tuple(events[0].get("fingerprint", ["{{ default }}"]))
        effect = "joined" if group in self.reports else "reported"
        self.reports[group] = self.reports.get(group, 0) + 1
        return Answer(200, {"id": header["event_id"]}, effect=effect)
