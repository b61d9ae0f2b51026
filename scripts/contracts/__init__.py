"""What each provider promises and demands, as functions from a request to an answer.

These modules decide; `receivers.py` does. Each holds one provider to its documented contract, so that a
message which passes here would have passed there. The limits stand beside the page that gives them.
"""
from dataclasses import dataclass, field
import json


@dataclass
class Request:
    """One request as it arrived. `now` is an argument, so that a signature of 2021 can be judged too."""

    path: str
    headers: dict
    body: bytes
    now: float

    def header(self, name):
        return self.headers.get(name.lower(), "")

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
