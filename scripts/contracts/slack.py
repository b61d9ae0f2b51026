"""Slack: incoming webhooks, and `chat.postMessage` / `chat.update` of the Web API.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/reference/methods/chat.postmessage and .../chat.update
https://docs.slack.dev/reference/block-kit/blocks for the limits of each block.

Conversations exist when they are named, except these, which always answer as their name says:
`#no-such-channel`, `#archived`, `#not-joined`.
"""
import hashlib
import hmac

from . import Answer

MAX_BLOCKS = 50
MAX_ATTACHMENTS = 100
MAX_TEXT = 40_000  # longer text is cut off, with a warning
# Undocumented: 11,341 characters in 45 blocks were refused, 9,597 in 50 accepted (slackapi/bolt-js#2867).
MAX_TEXT_OF_ALL_BLOCKS = 10_000
CLOSED = {"#no-such-channel": "channel_not_found", "#archived": "is_archived", "#not-joined": "not_in_channel"}
# The incoming webhook tells the same in other words, with a status of its own.
WEBHOOK_STATUS = {"is_archived": (410, "channel_is_archived"), "channel_not_found": (404, "channel_not_found"),
                  "not_in_channel": (403, "action_prohibited")}


def longer(text, limit, what, faults):
    if not isinstance(text, str):
        faults.append(f"{what} must be a string")
    elif not text:
        faults.append(f"{what} must not be empty")
    elif len(text) > limit:
        faults.append(f"{what} has {len(text)} characters, at most {limit} are allowed")


def text_object(value, limit, what, faults, kinds=("plain_text", "mrkdwn")):
    if not isinstance(value, dict) or value.get("type") not in kinds:
        faults.append(f"{what} must be a text object of type {' or '.join(kinds)}")
        return
    longer(value.get("text"), limit, what, faults)


def button(element, what, faults):
    text_object(element.get("text"), 75, f"{what}.text", faults, ("plain_text",))
    for key, limit in (("value", 2000), ("url", 3000), ("action_id", 255)):
        if key in element:
            longer(element[key], limit, f"{what}.{key}", faults)
    if element.get("style", "primary") not in ("primary", "danger"):
        faults.append(f"{what}.style must be primary or danger")


def section(block, what, faults):
    if "text" not in block and not block.get("fields"):
        faults.append(f"{what} needs text or fields")
    if "text" in block:
        text_object(block["text"], 3000, f"{what}.text", faults)
    fields = block.get("fields", [])
    if len(fields) > 10:
        faults.append(f"{what}.fields has {len(fields)} items, at most 10 are allowed")
    for i, one in enumerate(fields):
        text_object(one, 2000, f"{what}.fields[{i}]", faults)


def header(block, what, faults):
    text_object(block.get("text"), 150, f"{what}.text", faults, ("plain_text",))


def elements_of(block, limit, what, faults):
    found = block.get("elements")
    if not isinstance(found, list) or not 1 <= len(found) <= limit:
        faults.append(f"{what}.elements must be a list of 1 to {limit}")
        return []
    return [(f"{what}.elements[{i}]", one) for i, one in enumerate(found)]


def context(block, what, faults):
    for name, one in elements_of(block, 10, what, faults):
        if one.get("type") == "image":
            longer(one.get("image_url"), 3000, f"{name}.image_url", faults)
        else:
            text_object(one, 2000, name, faults)


def actions(block, what, faults):
    for name, one in elements_of(block, 25, what, faults):
        if one.get("type") == "button":
            button(one, name, faults)


def image(block, what, faults):
    longer(block.get("image_url"), 3000, f"{what}.image_url", faults)
    longer(block.get("alt_text"), 2000, f"{what}.alt_text", faults)


KNOWN = {"section": section, "header": header, "context": context, "actions": actions, "image": image,
         "divider": lambda *_: None, "rich_text": lambda *_: None, "markdown": lambda *_: None}


def texts(value):
    """Every text that a person would read, wherever it is nested."""
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [t for child in value.values() for t in texts(child)]
    if isinstance(value, list):
        return [t for child in value for t in texts(child)]
    return []


def block_faults(blocks):
    """What `invalid_blocks` would complain of, each with its place."""
    if not isinstance(blocks, list):
        return ["blocks must be a list"]
    faults = []
    if len(blocks) > MAX_BLOCKS:
        faults.append(f"no more than {MAX_BLOCKS} items allowed, there are {len(blocks)}")
    for i, block in enumerate(blocks):
        what = f"blocks[{i}]"
        check = KNOWN.get(block.get("type")) if isinstance(block, dict) else None
        if check is None:
            faults.append(f"{what} has an unsupported type")
            continue
        if "block_id" in block:
            longer(block["block_id"], 255, f"{what}.block_id", faults)
        check(block, what, faults)
    return faults


def message_error(message):
    """The error word for this message and its details; (None, []) where Slack would show it."""
    blocks, attachments = message.get("blocks", []), message.get("attachments", [])
    if not message.get("text") and not blocks and not attachments:
        return "no_text", []
    if len(attachments) > MAX_ATTACHMENTS:
        return "too_many_attachments", []
    faults = block_faults(blocks)
    if faults:
        return "invalid_blocks", faults
    if sum(len(text) for text in texts(blocks)) > MAX_TEXT_OF_ALL_BLOCKS:
        return "msg_blocks_too_long", []
    return None, []


def signed(secret, body, now):
    """The headers under which Slack sends `body`: https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    stamp = str(int(now))
    proof = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    return {"X-Slack-Signature": f"v0={proof}", "X-Slack-Request-Timestamp": stamp, "Content-Type": kind}


class Slack:
    """A workspace: its messages, by conversation and `ts`."""

    def __init__(self, token=None):
        self.token = token
        self.messages = {}
        self.last_ts = 0

    def answer(self, request):
        if "/services/" in request.path:
            return self.webhook(request)
        if "/actions/" in request.path:
            return self.response_url(request)
        return self.web_api(request)

    # The address that comes with a press of a button: what is said there only whoever pressed sees.
    def response_url(self, request):
        message = request.json()
        if not isinstance(message, dict) or not message.get("text"):
            return Answer(400, {"ok": False, "error": "no_text"}, "refused: no_text")
        if message.get("response_type") != "ephemeral" or message.get("replace_original") is not False:
            return Answer(200, "ok", effect="said to all")
        return Answer(200, "ok", effect="whispered")

    # The incoming webhook: text answers, no way to read `ts` or to edit.
    def webhook(self, request):
        if len(request.path.split("/services/")[1].strip("/").split("/")) != 3:
            return Answer(404, "no_service", "refused: no_service")
        message = request.json()
        if not isinstance(message, dict):
            return Answer(400, "invalid_payload", "refused: invalid_payload")
        closed = CLOSED.get(message.get("channel"))
        if closed:
            status, word = WEBHOOK_STATUS[closed]
            return Answer(status, word, f"refused: {word}")
        error, details = message_error(message)
        if error:
            return Answer(400, error, "; ".join([f"refused: {error}", *details]))
        return Answer(200, "ok", effect="posted")

    # The Web API: always 200, and `ok` says whether it was.
    def web_api(self, request):
        method = request.path.rsplit("/", 1)[-1]
        if method not in ("chat.postMessage", "chat.update", "chat.postEphemeral"):
            return self.refuse("unknown_method")
        error = self.stranger(request)
        if error:
            return self.refuse(error)
        if not request.header("content-type").startswith("application/json"):
            return self.refuse("invalid_form_data")
        message = request.json()
        if not isinstance(message, dict):
            return self.refuse("invalid_json")
        if method == "chat.postEphemeral":
            return self.whisper(message, request.now)
        return self.post(message, request.now) if method == "chat.postMessage" else self.update(message)

    # https://docs.slack.dev/reference/methods/chat.postEphemeral
    def whisper(self, message, now):
        error, details = message_error(message)
        if error or not message.get("user"):
            return self.refuse(error or "user_not_in_channel", details)
        return Answer(200, {"ok": True, "message_ts": self.next_ts(now)}, effect="whispered")

    def stranger(self, request):
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return "not_authed"
        known = token == self.token if self.token else token.startswith("xoxb-")
        return None if known else "invalid_auth"

    def post(self, message, now):
        name = message.get("channel") or "#no-such-channel"
        error, details = message_error(message)
        error = CLOSED.get(name) or error
        if error:
            return self.refuse(error, details)
        channel, ts = self.conversation(name), self.next_ts(now)
        self.messages[(channel, ts)] = message
        effect = "threaded" if message.get("thread_ts") else "posted"
        return self.accept({"ok": True, "channel": channel, "ts": ts, "message": {"text": message.get("text", "")}},
                           message, effect)

    def update(self, message):
        channel, ts = message.get("channel", ""), message.get("ts", "")
        # An edit wants the conversation's id; a name does not do.
        if channel[:1] not in ("C", "D", "G"):
            return self.refuse("channel_not_found")
        if (channel, ts) not in self.messages:
            return self.refuse("message_not_found")
        error, details = message_error(message)
        if error:
            return self.refuse(error, details)
        self.messages[(channel, ts)].update(message)
        return self.accept({"ok": True, "channel": channel, "ts": ts, "text": message.get("text", "")}, message, "edited")

    def accept(self, body, message, effect):
        if len(message.get("text", "")) > MAX_TEXT:
            body["warning"] = "message_truncated"
        return Answer(200, body, effect=effect)

    def refuse(self, error, details=()):
        body = {"ok": False, "error": error}
        if details:
            body["response_metadata"] = {"messages": [f"[ERROR] {one}" for one in details]}
        return Answer(200, body, "; ".join([f"refused: {error}", *details]))

    def conversation(self, name):
        if name[:1] in ("C", "D", "G"):
            return name
        kind = "D" if name[:1] == "U" else "C"
        return kind + hashlib.sha256(name.encode()).hexdigest()[:9].upper()

    def next_ts(self, now):
        self.last_ts = max(self.last_ts + 1, int(now * 1_000_000))
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"
