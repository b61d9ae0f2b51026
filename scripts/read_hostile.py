#!/usr/bin/env python3
"""Reads what we send about an alert whose label is hostile, with the standard library alone, and says what is wrong.

Standard input is one JSON object: `hostile` (the label), `page` (HTML), and the bodies for `slack`, `pagerduty` and `webhook`.
"""
import json
import re
import sys
from html.parser import HTMLParser

ALLOWED = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "b", "p", "ul", "li", "code", "form", "button"}
VOID = {"meta"}
SLACK_LIMITS = {"section": 3000, "context": 2000}


class Page(HTMLParser):
    """A page: its tags must nest, be known, and load nothing; its text is what a person reads."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.text, self.buttons = [], [], [], 0

    def handle_starttag(self, tag, attributes):
        if tag not in ALLOWED:
            self.faults.append(f"the page has a <{tag}>")
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "href", "action", "style"):
                self.faults.append(f"the page has {name}={value!r} in <{tag}>")
        self.buttons += tag == "button"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> ends what is not open")

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


def page_faults(html, hostile):
    page = Page()
    page.feed(html)
    page.close()
    faults = list(page.faults)
    if page.open:
        faults.append(f"the page leaves {page.open} open")
    if page.buttons != 1:
        faults.append(f"the page has {page.buttons} buttons, not one")
    if "<script>alert(1)</script>" not in "".join(page.text):
        faults.append("the page does not show the label as the text that it is")
    if re.search(r"[\x00-\x08\x0b-\x1f\u202e]", html):
        faults.append("the page has control characters")
    return faults


def texts(value):
    if isinstance(value, dict):
        for child in value.values():
            yield from texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from texts(child)
    elif isinstance(value, str):
        yield value


def slack_faults(body, _hostile):
    faults = []
    for text in texts(body):
        for markup in re.findall(r"<[^>]*>", text):
            if not re.fullmatch(r"<https?://[^|<>\s]+\|[\w -]+>", markup):
                faults.append(f"Slack would read {markup!r}")
        if re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text):
            faults.append("a text for Slack has control characters")
    for block in body["blocks"]:
        parts = [block["text"]] if "text" in block else [part for part in block["elements"] if part["type"] == "mrkdwn"]
        for part in parts:
            if not part.get("verbatim"):
                faults.append(f"Slack makes mentions of names in {block['type']}")
            if len(part["text"]) > SLACK_LIMITS[block["type"]]:
                faults.append(f"a text of {block['type']} is too long")
    # The headline, why, the alert: lines that we made. A label must not make one.
    lines = sum(text.count("\n") for block in body["blocks"] if block["type"] == "section" for text in [block["text"]["text"]])
    if lines != 1:
        faults.append(f"there are {lines + 2} lines in Slack, not 3")
    return faults


def pagerduty_faults(body, hostile):
    payload = body["payload"]
    faults = [f"{name} has control characters" for name in ("summary", "source", "class") if re.search(r"[\x00-\x1f]", payload[name])]
    if len(payload["summary"]) > 1024:
        faults.append("the summary is too long")
    if payload["custom_details"]["alerts"][0]["labels"]["note"] != hostile:
        faults.append("PagerDuty's details do not hold the label as it is")
    if any(not re.fullmatch(r"https?://[^\s\"<>]+", link["href"]) for link in body["links"]):
        faults.append("a link for PagerDuty is no address")
    return faults


def webhook_faults(body, hostile):
    faults = []
    if body["data"]["alerts"][0]["labels"]["note"] != hostile:
        faults.append("the webhook does not hold the label as it is")
    if re.search(r"[\x00-\x1f]", body["data"]["text"]):
        faults.append("the webhook's text has control characters")
    return faults


def main():
    seen = json.load(sys.stdin)
    checks = {"page": page_faults, "slack": slack_faults, "pagerduty": pagerduty_faults, "webhook": webhook_faults}
    faults = [f"{name}: {fault}" for name, check in checks.items() for fault in check(seen[name], seen["hostile"])]
    print("\n".join(faults) or "nothing to say")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
