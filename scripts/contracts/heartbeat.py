"""A dead man's switch: any request is a sign of life.  https://healthchecks.io/docs/http_api/"""
from . import Answer


class Heartbeat:
    """One check."""

    def answer(self, request):
        return Answer(200, "OK", "ok", "alive")
