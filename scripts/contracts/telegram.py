"""Telegram's Bot API.  https://core.telegram.org/bots/api

Chats exist when they are written to, except these: -404 is not found, -403 has blocked the bot, -777 has become -100777.
A message of `editMessageText` has to be there.
"""
from html.parser import HTMLParser
import json
import re

from . import Answer, utf16

MAX_TEXT = 4096
PATH = re.compile(r"/bot(\d+:[\w-]+)/(\w+)$")
TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "code", "pre",
        "blockquote"}
ENTITIES = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)")
# What is made a link, a mention or a command without being marked as one.
FOUND = {"mention": r"(?<![\w])@\w{3,}", "link": r"https?://\S", "command": r"(?<![\w/<])/[A-Za-z]\w*",
         "tag": r"(?<!\w)[#$][A-Za-z]\w*"}


class Reader(HTMLParser):
    """The text of a message and what is found in it by itself; raises ValueError where Telegram would not read it."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.text, self.plain = [], "", ""

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            raise ValueError(f"Unsupported start tag \"{tag}\"")
        if any(tag in ("code", "pre") for tag in self.open):
            raise ValueError("nothing can be marked within code")
        self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"Unmatched end tag \"{tag}\"")

    def handle_data(self, data):
        self.text += data
        self.plain += " " if {"code", "pre", "a"} & set(self.open) else data

    def found(self):
        return [name for name, pattern in FOUND.items() if re.search(pattern, self.plain)]


def read(html):
    if ENTITIES.search(html):
        raise ValueError("an & that is no entity")
    reader = Reader()
    reader.feed(html)
    reader.close()
    if reader.open:
        raise ValueError(f"Can't find end tag corresponding to start tag \"{reader.open[-1]}\"")
    return reader


def refuse(status, words, **parameters):
    body = {"ok": False, "error_code": status, "description": words}
    if parameters:
        body["parameters"] = parameters
    return Answer(status, body, f"refused: {words}")


class Telegram:
    """A bot's chats and messages."""

    def __init__(self):
        self.messages = {}

    def answer(self, request):
        path = PATH.search(request.path)
        if path is None:
            return refuse(404, "Not Found")
        if len(path[1].split(":")[1]) < 16:
            return refuse(401, "Unauthorized")
        body = request.json()
        if not isinstance(body, dict):
            return refuse(400, "Bad Request: can't parse JSON object")
        chat = body.get("chat_id")
        if chat == -404 or not isinstance(chat, (int, str)):
            return refuse(400, "Bad Request: chat not found")
        if chat == -403:
            return refuse(403, "Forbidden: bot was blocked by the user")
        if chat == -777:
            return refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100777)
        try:
            reader = read(body.get("text") or "") if body.get("parse_mode") == "HTML" else None
        except ValueError as error:
            return refuse(400, f"Bad Request: can't parse entities: {error}")
        text = reader.text if reader else body.get("text") or ""
        if not text.strip():
            return refuse(400, "Bad Request: message text is empty")
        if utf16(text) > MAX_TEXT:
            return refuse(400, "Bad Request: message is too long")
        found = reader.found() if reader else ["unread"]
        chat = 4711 if isinstance(chat, str) else chat
        return {"sendMessage": self.send, "editMessageText": self.edit}.get(path[2], self.unknown)(chat, body, found)

    def unknown(self, *_):
        return refuse(404, "Not Found: method not found")

    def send(self, chat, body, found):
        reply = body.get("reply_parameters", {})
        is_there = (chat, reply.get("message_id")) in self.messages
        if reply and not is_there and not reply.get("allow_sending_without_reply"):
            return refuse(400, "Bad Request: message to be replied not found")
        return self.keep(chat, len(self.messages) + 1, body, ", ".join(["answered" if is_there else "posted", *found]))

    def edit(self, chat, body, found):
        id = body.get("message_id")
        if (chat, id) not in self.messages:
            return refuse(400, "Bad Request: message to edit not found")
        if self.messages[(chat, id)] == body["text"]:
            return refuse(400, "Bad Request: message is not modified: specified new message content is exactly the same")
        return self.keep(chat, id, body, ", ".join(["edited", *found]))

    def keep(self, chat, id, body, effect):
        self.messages[(chat, id)] = body["text"]
        result = {"message_id": id, "date": 0, "chat": {"id": chat, "type": "supergroup"}, "text": body["text"]}
        return Answer(200, json.loads(json.dumps({"ok": True, "result": result})), effect=effect)
