"""Microsoft Teams, the webhook of a workflow.  https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook

A real workflow says 202 before it looks at the card, and a faulty one fails where nobody hears of it. This one says at
once what is wrong: what passes here would have been shown.
"""
import json

from . import Answer

# Counted with every character beyond ASCII as `\\uXXXX`: Teams keeps cards in a form that is longer than what was sent
# (MicrosoftDocs/msteams-docs#11274), and refused 28,897 bytes where 28,672 are allowed.
MAX_BYTES = 28 * 1024
STYLES = ("default", "emphasis", "good", "attention", "warning", "accent")
COLOURS = ("default", "dark", "light", "accent", "good", "warning", "attention")


def texts(element, faults, what):
    """Walks one element of the body; everything else than what we know is a fault."""
    kind = element.get("type")
    if kind == "Container":
        if element.get("style", "default") not in STYLES:
            faults.append(f"{what}.style is unknown")
        for i, item in enumerate(element.get("items", [])):
            texts(item, faults, f"{what}.items[{i}]")
    elif kind == "RichTextBlock":
        for i, run in enumerate(element.get("inlines", [])):
            if run.get("type") != "TextRun" or not isinstance(run.get("text"), str) or not run["text"]:
                faults.append(f"{what}.inlines[{i}] is no text run with a text")
            if run.get("color", "default").lower() not in COLOURS:
                faults.append(f"{what}.inlines[{i}].color is unknown")
            if "{{DATE(" in str(run.get("text")) or "{{TIME(" in str(run.get("text")):
                faults.append(f"{what}.inlines[{i}] holds a function that clients fill in")
    else:
        faults.append(f"{what} is a {kind}")


def card_faults(message):
    if not isinstance(message, dict) or message.get("type") != "message":
        return ["type must be message"]
    attachments = message.get("attachments")
    if not isinstance(attachments, list) or len(attachments) != 1:
        return ["there must be one attachment"]
    if attachments[0].get("contentType") != "application/vnd.microsoft.card.adaptive":
        return ["the attachment is no Adaptive Card"]
    card, faults = attachments[0].get("content", {}), []
    if card.get("type") != "AdaptiveCard" or card.get("version") not in ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5"):
        faults.append("no card, or of a version that Teams does not show")
    for i, element in enumerate(card.get("body", [])):
        texts(element, faults, f"body[{i}]")
    for i, action in enumerate(card.get("actions", [])):
        if action.get("type") != "Action.OpenUrl" or not str(action.get("url", "")).startswith(("http://", "https://")):
            faults.append(f"actions[{i}] opens no page")
    return faults


class Teams:
    """A workflow that posts what it is sent."""

    def answer(self, request):
        if "/workflows/gone/" in request.path:
            return Answer(404, {"error": {"code": "WorkflowNotFound"}}, "refused: there is no such workflow")
        message = request.json()
        faults = card_faults(message)
        if not faults and len(json.dumps(message, separators=(",", ":"))) > MAX_BYTES:
            return Answer(413, {"error": {"code": "RequestEntityTooLarge"}}, "refused: more than 28 KB")
        if faults:
            return Answer(400, {"error": {"code": "BadRequest"}}, "; ".join(["refused", *faults]))
        return Answer(202, "", effect="posted")
