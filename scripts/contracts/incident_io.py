"""incident.io, alert events v2.  https://api-docs.incident.io/tag/Alert-Events-V2

A body that is too large is answered with 429, as Alertmanager's `notify/incidentio` has it.
"""
from . import Answer

MAX_BODY = 512 * 1024
FIELDS = {"title": str, "status": str, "deduplication_key": str, "description": str, "metadata": dict, "source_url": str}


def faults_of(event):
    if not isinstance(event, dict):
        return ["the event is not a JSON object"]
    faults = [f"{key} is unknown" for key in event if key not in FIELDS]
    faults += [f"{key} is of another type" for key, kind in FIELDS.items() if not isinstance(event.get(key, kind()), kind)]
    faults += [f"{key} is required" for key in ("title", "status", "deduplication_key") if not event.get(key)]
    if event.get("status") not in ("firing", "resolved"):
        faults.append("status must be firing or resolved")
    return faults


class IncidentIo:
    """An HTTP alert source and its alerts, by deduplication key."""

    def __init__(self):
        self.alerts = {}

    def answer(self, request):
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme != "Bearer" or not token:
            return Answer(401, {"type": "authentication_error", "status": 401}, "refused: no token")
        if request.path.rstrip("/").endswith("/gone"):
            return Answer(404, {"type": "not_found", "status": 404}, "refused: no such source")
        if len(request.body) > MAX_BODY:
            return Answer(429, {"type": "rate_limit", "status": 429}, "refused: body over 512 KB")
        event = request.json()
        faults = faults_of(event)
        if faults:
            return Answer(422, {"type": "validation_error", "status": 422, "errors": faults}, "; ".join(["refused", *faults]))
        key, before = event["deduplication_key"], self.alerts.get(event["deduplication_key"])
        self.alerts[key] = event["status"]
        effects = {("firing", None): "opened", ("firing", "firing"): "joined", ("firing", "resolved"): "reopened",
                   ("resolved", "firing"): "resolved"}
        effect = effects.get((event["status"], before), "dropped: nothing fires under this key")
        return Answer(202, {"deduplication_key": key, "message": "Event accepted for processing", "status": "success"},
                      effect=effect)
