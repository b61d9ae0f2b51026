"""Discord, webhooks.  https://docs.discord.com/developers/resources/webhook and .../message#embed-object-embed-limits

Webhooks exist when they are called, except those with the id `404`.
"""
import re

from . import Answer, utf16

LIMITS = {"title": 256, "description": 4096}
MAX_CONTENT, MAX_EMBEDS, MAX_FIELDS, MAX_OF_ALL = 2000, 10, 25, 6000
PATH = re.compile(r"/webhooks/(\w+)/([\w-]+)(?:/messages/(\w+))?$")


def embed_faults(embed, what):
    faults = [f"{what}.{key}: Must be {limit} or fewer in length." for key, limit in LIMITS.items()
              if utf16(str(embed.get(key, ""))) > limit]
    if len(embed.get("fields", [])) > MAX_FIELDS:
        faults.append(f"{what}.fields: Must be {MAX_FIELDS} or fewer in length.")
    for i, field in enumerate(embed.get("fields", [])):
        if not 1 <= utf16(field.get("name", "")) <= 256 or not 1 <= utf16(field.get("value", "")) <= 1024:
            faults.append(f"{what}.fields.{i}: name and value must be 1-256 and 1-1024 in length.")
    if utf16(embed.get("footer", {}).get("text", "")) > 2048:
        faults.append(f"{what}.footer.text: Must be 2048 or fewer in length.")
    colour = embed.get("color", 0)
    if not isinstance(colour, int) or not 0 <= colour <= 0xFFFFFF:
        faults.append(f"{what}.color: int value should be between 0 and 16777215.")
    return faults


def size(embed):
    texts = [embed.get("title"), embed.get("description"), embed.get("footer", {}).get("text"),
             embed.get("author", {}).get("name")]
    texts += [text for field in embed.get("fields", []) for text in (field.get("name"), field.get("value"))]
    return sum(utf16(text) for text in texts if text)


def message_faults(message):
    if not isinstance(message, dict):
        return ["the body is not a JSON object"]
    embeds = message.get("embeds", [])
    if not message.get("content") and not embeds:
        return ["Cannot send an empty message"]
    faults = []
    if utf16(message.get("content") or "") > MAX_CONTENT:
        faults.append(f"content: Must be {MAX_CONTENT} or fewer in length.")
    if len(embeds) > MAX_EMBEDS:
        faults.append(f"embeds: Must be {MAX_EMBEDS} or fewer in length.")
    for i, embed in enumerate(embeds):
        faults += embed_faults(embed, f"embeds.{i}")
    if sum(size(embed) for embed in embeds) > MAX_OF_ALL:
        faults.append(f"embeds: Embed size exceeds maximum size of {MAX_OF_ALL}")
    return faults


def marks(text):
    """What Discord would make of a text by itself, a backslash before a sign taken into account."""
    text = re.sub(r"\\[^0-9A-Za-z\s]", " ", text)
    # What we mean as a link stays out of it.
    text = re.sub(r"\[[\w -]+\]\(https?://[^)\s]*\)", " ", text)
    found = {"mention": r"@everyone|@here|<@[!&]?\d+>|<#\d+>", "link": r"https?://\S"}
    return [name for name, pattern in found.items() if re.search(pattern, text)]


class Discord:
    """Webhooks and the messages that stand in their channels."""

    def __init__(self):
        self.messages = {}

    def answer(self, request):
        path = PATH.search(request.path)
        if path is None or path[1] == "404":
            return Answer(404, {"message": "Unknown Webhook", "code": 10015}, "refused: Unknown Webhook")
        webhook, id = path[1], path[3]
        if id is not None and (webhook, id) not in self.messages:
            return Answer(404, {"message": "Unknown Message", "code": 10008}, "refused: Unknown Message")
        if (id is None) != (request.method == "POST") or request.method not in ("POST", "PATCH"):
            return Answer(405, {"message": "405: Method Not Allowed", "code": 0}, "refused: another method")
        message = request.json()
        faults = message_faults(message)
        if faults:
            return Answer(400, {"message": "Invalid Form Body", "code": 50035, "errors": faults},
                          "; ".join(["refused", *faults]))
        id = id or str(1_400_000_000_000_000_000 + len(self.messages))
        self.messages[(webhook, id)] = message
        texts = [message.get("content") or "", *(embed.get("description", "") for embed in message.get("embeds", []))]
        rings = message.get("allowed_mentions", {}).get("parse", ["everyone"])
        found = sorted({mark for text in texts for mark in marks(text)} | ({"ring"} if rings else set()))
        effect = ", ".join(["edited" if request.method == "PATCH" else "posted", *found])
        if request.method == "POST" and request.asked("wait") != "true":
            return Answer(204, "", effect=effect)
        return Answer(200, {"id": id, "type": 0, "channel_id": "1399999999999999999", **message}, effect=effect)
