"""What each provider promises and demands, as functions from a request to an answer.

These modules decide; `receivers.py` does. Each holds one provider to its documented contract, so that a
message which passes here would have passed there. The limits stand beside the page that gives them.
"""
from dataclasses import dataclass, field
import json
import urllib.parse


@dataclass
class Request:
    """One request as it arrived. `now` is an argument, so that a signature of 2021 can be judged too."""

    path: str
    headers: dict
    body: bytes
    now: float
    method: str = "POST"
    query: str = ""

    def header(self, name):
        return self.headers.get(name.lower(), "")

    def asked(self, name):
        """What the query of the address says of `name`."""
        return dict(urllib.parse.parse_qsl(self.query)).get(name, "")

    def json(self):
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except (UnicodeDecodeError, ValueError):
            return None


@dataclass
class Answer:
    """What the provider answers, what it made of the request, and what a person would see of it."""

    status: int
    body: object
    verdict: str = "accepted"
    effect: str = ""
    headers: dict = field(default_factory=dict)


def utf16(text):
    """How long a text is in UTF-16 code units, as most providers count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
