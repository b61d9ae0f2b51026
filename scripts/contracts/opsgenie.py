"""Opsgenie, Alert API v2.  https://docs.opsgenie.com/docs/alert-api

202 means accepted; what became of it is told by `GET …/requests/ID`, which does not know it when it is asked for the first
time. A responder with the name `no-such-team` makes a request fail after it was accepted.
"""
import re
import uuid

from . import Answer

LIMITS = {"message": 130, "alias": 512, "description": 15_000, "entity": 512, "source": 100, "user": 100, "note": 25_000}
KINDS = ("team", "user", "escalation", "schedule")
PATH = re.compile(r"/v2/alerts(?:/requests/(?P<request>[\w-]+)|/(?P<alias>[^/]+)/(?P<deed>close|acknowledge|notes))?$")


def faults_of(body, known):
    faults = [f"{key} is unknown" for key in body if key not in known]
    for key, limit in LIMITS.items():
        if len(str(body.get(key, ""))) > limit:
            faults.append(f"{key} has more than {limit} characters")
    return faults


def creation_faults(body):
    faults = faults_of(body, (*LIMITS, "responders", "visibleTo", "actions", "tags", "details", "priority"))
    if not body.get("message"):
        faults.append("Message can not be empty.")
    if body.get("priority", "P3") not in ("P1", "P2", "P3", "P4", "P5"):
        faults.append("priority is none of P1 to P5")
    tags, details = body.get("tags", []), body.get("details", {})
    if len(tags) > 20 or any(len(tag) > 50 for tag in tags):
        faults.append("more than 20 tags, or one with more than 50 characters")
    if not all(isinstance(value, str) for value in details.values()):
        faults.append("details are texts")
    if sum(len(key) + len(value) for key, value in details.items()) > 8000:
        faults.append("details have more than 8000 characters")
    for one in body.get("responders", []):
        if one.get("type") not in KINDS or not (one.get("id") or one.get("name") or one.get("username")):
            faults.append("a responder has no type, or no name")
    return faults


class Opsgenie:
    """The alerts of an account, by alias, and what became of its requests."""

    def __init__(self):
        self.alerts, self.requests, self.asked = {}, {}, set()

    def answer(self, request):
        path = PATH.search(request.path)
        if path is None:
            return Answer(404, {"message": "No such path"}, "refused: no such path")
        if not re.match(r"^GenieKey \S{8,}$", request.header("authorization")):
            return Answer(401, {"message": "Could not authenticate"}, "refused: no key")
        if path["request"]:
            return self.status(path["request"])
        body = request.json()
        if not isinstance(body, dict) or request.method != "POST":
            return Answer(422, {"message": "Request body is not processable."}, "refused: no JSON")
        if path["alias"] and request.asked("identifierType") != "alias":
            return Answer(404, {"message": "Alert not found"}, "refused: an alias is no id")
        faults = faults_of(body, ("user", "note", "source")) if path["alias"] else creation_faults(body)
        if path["deed"] == "notes" and not body.get("note"):
            faults.append("a note is needed")
        if faults:
            return Answer(422, {"message": "; ".join(faults)}, "; ".join(["refused", *faults]))
        return self.accept(*(self.act(path["alias"], path["deed"]) if path["alias"] else self.create(body)))

    def accept(self, effect, is_success, status):
        id = str(uuid.uuid4())
        self.requests[id] = {"success": is_success, "isSuccess": is_success, "status": status}
        body = {"result": "Request will be processed", "took": 0.1, "requestId": id}
        return Answer(202, body, effect=effect)

    def status(self, id):
        if id not in self.requests or id not in self.asked:
            self.asked.add(id)
            return Answer(404, {"message": "Request not found. It might not be processed, yet."}, effect="asked too early")
        return Answer(200, {"data": self.requests[id], "took": 0.01, "requestId": id}, effect="asked")

    def create(self, body):
        if any(one.get("name") == "no-such-team" for one in body.get("responders", [])):
            return "came to nothing", False, "There is no such team"
        alias = body.get("alias") or str(uuid.uuid4())
        state, self.alerts[alias] = self.alerts.get(alias), "open"
        return ("opened" if state in (None, "closed") else "joined"), True, "Created alert"

    def act(self, alias, deed):
        if self.alerts.get(alias) in (None, "closed"):
            return "dropped: nothing is open under this alias", False, "Alert does not exist"
        if deed != "notes":
            self.alerts[alias] = "closed" if deed == "close" else "acknowledged"
        return {"close": "closed", "acknowledge": "acknowledged", "notes": "noted"}[deed], True, "done"
