"""Opsgenie and incident.io: `check.py PAYLOADS`, see scripts/check-payloads.

Each payload is built as the model that a client generated from the provider's API description has for it. A key that the
model does not know, a type that it does not have and a value that it refuses are faults.
"""
import json
import sys

from incident_io_client.models.alert_events_v2_create_http_request_body import AlertEventsV2CreateHTTPRequestBody
from opsgenie_sdk.api.alert.acknowledge_alert_payload import AcknowledgeAlertPayload
from opsgenie_sdk.api.alert.add_note_to_alert_payload import AddNoteToAlertPayload
from opsgenie_sdk.api.alert.close_alert_payload import CloseAlertPayload
from opsgenie_sdk.api.alert.create_alert_payload import CreateAlertPayload

ACTS = {"close": CloseAlertPayload, "acknowledge": AcknowledgeAlertPayload, "notes": AddNoteToAlertPayload}
TYPES = {"str": str, "list": list, "dict": dict, "float": float}


def opsgenie_faults(path, body):
    model = ACTS.get(path.rsplit("/", 1)[-1], CreateAlertPayload)
    names = {key: name for name, key in model.attribute_map.items()}
    faults = [f"`{key}` is no key of {model.__name__}" for key in body if key not in names]
    known = {names[key]: value for key, value in body.items() if key in names}
    for name, value in known.items():
        kind = TYPES.get(model.openapi_types[name].split("[")[0].split("(")[0])
        if kind is not None and not isinstance(value, kind):
            faults.append(f"`{name}` is not of type {model.openapi_types[name]}")
    try:
        model(**known)
    except (TypeError, ValueError) as error:
        faults.append(f"{model.__name__} refuses it: {error}")
    return faults


def incident_io_faults(_path, body):
    try:
        read = AlertEventsV2CreateHTTPRequestBody.from_dict(dict(body))
    except (KeyError, TypeError, ValueError) as error:
        return [f"it cannot be read: {error!r}"]
    faults = [f"`{key}` is no key of an event" for key in read.additional_properties]
    return faults + ([] if read.to_dict() == body else ["what was read is not what was written"])


def main():
    payloads = json.load(open(sys.argv[1], encoding="utf-8"))
    failed = False
    for channel, check in (("opsgenie", opsgenie_faults), ("incident_io", incident_io_faults)):
        mine = [one for one in payloads if one["channel"] == channel and isinstance(one["body"], dict)]
        faults = [fault for one in mine for fault in check(one["path"], one["body"])]
        for fault in faults:
            print(f"check-payloads: {channel}: {fault}")
        print(f"check-payloads: {channel}: {len(mine)} payloads read")
        failed = failed or bool(faults) or not mine
    sys.exit(failed)


if __name__ == "__main__":
    main()
