"""Mattermost: incoming webhooks and posts of a bot.

https://developers.mattermost.com/integrate/webhooks/incoming/ and https://developers.mattermost.com/api-documentation/#/operations/CreatePost
Webhooks exist when they are called, except `gone`; so do channels, except `zzzzzzzzzzzzzzzzzzzzzzzzzz`.
"""
import hashlib
import html
import json
import re

from . import Answer

MAX_MESSAGE, MAX_PROPS = 16_383, 800_000
ID = re.compile(r"^[a-z0-9]{26}$")
COLOUR = re.compile(r"^(#[0-9a-fA-F]{6}|good|warning|danger)$")


def error(status, id, words):
    return Answer(status, {"id": id, "message": words, "status_code": status}, f"refused: {id}")


def attachment_faults(attachments):
    faults = []
    for i, one in enumerate(attachments if isinstance(attachments, list) else [None]):
        if not isinstance(one, dict):
            return ["attachments must be a list of objects"]
        faults += [f"attachments[{i}].{key} must be a text" for key in ("fallback", "text", "color", "pretext", "title")
                   if not isinstance(one.get(key, ""), str)]
        if not one.get("fallback"):
            faults.append(f"attachments[{i}].fallback is required")
        if "color" in one and not COLOUR.match(str(one["color"])):
            faults.append(f"attachments[{i}].color is no colour")
    return faults


def found(texts):
    """What the server and its clients would make of these texts by themselves.

    `<…>` is read as Slack's first. Mentions are looked for in the text that the Markdown leaves, so that a backslash
    keeps nothing from being one (`getExplicitMentions` of the server); words end at what is neither letter, digit nor `:.-_@`.
    """
    marks = set()
    for text in texts:
        if re.search(r"<!(channel|here|all)>|<@\w+>|<[^|<>]+\|[^|<>]+>", text):
            marks.add("slack")
        # What we mean as a link stays out of it.
        text = re.sub(r"\[[\w -]+\]\(https?://[^)\s]*\)", " ", text)
        if re.search(r"(?<!\\)!?\[[^\]\\]*\]\(", text):
            marks.add("link")
        words = re.split(r"[^\w:.\-@]+", html.unescape(re.sub(r"\\([\\`*_{}\[\]()#+\-.!|~>])", r"\1", text)))
        if any(re.match(r"@\w", word) for word in words):
            marks.add("mention")
        if re.search(r"https?://\w|www\.\w", html.unescape(text)):
            marks.add("link")
    return sorted(marks)


class Mattermost:
    """A server: its posts by id."""

    def __init__(self):
        self.posts = {}

    def answer(self, request):
        parts = request.path.strip("/").split("/")
        if "hooks" in parts:
            return self.webhook(request, parts[-1])
        return self.api(request, parts[parts.index("v4") + 1:])

    def webhook(self, request, key):
        if key == "gone":
            return error(404, "web.incoming_webhook.invalid.app_error", "Invalid webhook")
        body = request.json()
        if not isinstance(body, dict):
            return error(400, "web.incoming_webhook.parse.app_error", "Unable to parse incoming data")
        attachments = body.get("attachments", [])
        faults = attachment_faults(attachments) if attachments else []
        if faults or (not body.get("text") and not attachments):
            return error(400, "web.incoming_webhook.text.app_error", "; ".join(faults) or "No text specified")
        torn = ["torn"] if len(body.get("text", "")) > MAX_MESSAGE else []
        return Answer(200, "ok", effect=", ".join(["posted", *torn, *self.marks(body.get("text", ""), attachments)]))

    def marks(self, text, attachments):
        return found([text, *(one.get("pretext", "") for one in attachments), *(one.get("text", "") for one in attachments)])

    def api(self, request, way):
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme.lower() != "bearer" or not ID.match(token):
            return error(401, "api.context.session_expired.app_error", "Invalid or expired session")
        body = request.json()
        if not isinstance(body, dict):
            return error(400, "api.context.invalid_body_param.app_error", "Invalid or missing post in request body")
        if way == ["posts"] and request.method == "POST":
            return self.create(body, request.now)
        if len(way) == 3 and way[0] == "posts" and way[2] == "patch" and request.method == "PUT":
            return self.patch(way[1], body)
        return error(404, "api.context.404.app_error", "Sorry, we could not find the page.")

    def fault(self, body):
        props = body.get("props", {})
        if len(body.get("message", "")) > MAX_MESSAGE:
            return error(400, "model.post.is_valid.message_length.app_error", "Post Message property is longer than allowed")
        if len(json.dumps(props, ensure_ascii=False)) > MAX_PROPS:
            return error(400, "model.post.is_valid.props.app_error", "Invalid props")
        faults = attachment_faults(props["attachments"]) if "attachments" in props else []
        return error(400, "api.context.invalid_body_param.app_error", "; ".join(faults)) if faults else None

    def create(self, body, now):
        channel, root = body.get("channel_id", ""), body.get("root_id", "")
        if not ID.match(channel) or channel == "z" * 26:
            return error(403, "api.context.permissions.app_error", "You do not have the appropriate permissions")
        if root and root not in self.posts:
            return error(400, "api.post.create_post.root_id.app_error", "Invalid RootId parameter.")
        fault = self.fault(body)
        if fault:
            return fault
        id = hashlib.sha256(f"{now}{len(self.posts)}".encode()).hexdigest()[:26]
        return self.keep(id, {"root_id": root, **body, "id": id}, 201, "threaded" if root else "posted")

    def patch(self, id, body):
        if id not in self.posts:
            return error(404, "store.sql_post.get.app_error", "Unable to get the post.")
        return self.fault(body) or self.keep(id, {**self.posts[id], **body}, 200, "edited")

    def keep(self, id, post, status, effect):
        self.posts[id] = post
        marks = self.marks(post.get("message", ""), post.get("props", {}).get("attachments", []))
        return Answer(status, post, effect=", ".join([effect, *marks]))
