"""Whoever takes what an Alertmanager sends to webhooks, version 4.  https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""
from datetime import datetime

from . import Answer

FIELDS = {"version": str, "groupKey": str, "truncatedAlerts": int, "status": str, "receiver": str, "groupLabels": dict,
          "commonLabels": dict, "commonAnnotations": dict, "externalURL": str, "alerts": list}
ALERT = {"status": str, "labels": dict, "annotations": dict, "startsAt": str, "endsAt": str, "generatorURL": str,
         "fingerprint": str}


def shape_faults(thing, shape, what):
    if not isinstance(thing, dict):
        return [f"{what} is no object"]
    faults = [f"{what}.{key} is missing or of another type" for key, kind in shape.items()
              if not isinstance(thing.get(key), kind)]
    for key, value in thing.items():
        if isinstance(value, dict) and not all(isinstance(text, str) for text in value.values()):
            faults.append(f"{what}.{key} holds something else than texts")
    return faults


def faults_of(message):
    faults = shape_faults(message, FIELDS, "message")
    if faults:
        return faults
    for i, alert in enumerate(message["alerts"]):
        faults += shape_faults(alert, ALERT, f"alerts[{i}]")
    if faults:
        return faults
    fires = any(alert["status"] == "firing" for alert in message["alerts"])
    if message["version"] != "4" or message["status"] != ("firing" if fires else "resolved"):
        faults.append("another version, or a status that the alerts do not have")
    for alert in message["alerts"]:
        start = datetime.fromisoformat(alert["startsAt"].replace("Z", "+00:00"))
        end = datetime.fromisoformat(alert["endsAt"].replace("Z", "+00:00"))
        if (end.year == 1) != (alert["status"] == "firing") or (end.year > 1 and end < start):
            faults.append("an end that does not go with the status")
    return faults


class AlertmanagerWebhook:
    """Groups by their key."""

    def __init__(self):
        self.groups = {}

    def answer(self, request):
        message = request.json()
        faults = faults_of(message)
        if faults:
            return Answer(400, "; ".join(faults), "; ".join(["refused", *faults]))
        before, self.groups[message["groupKey"]] = self.groups.get(message["groupKey"]), message["status"]
        return Answer(200, "", effect=f"{before or 'nothing'} → {message['status']}")
