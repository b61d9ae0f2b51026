"""Reads log lines from stdin as a collector would, and says what keeps one from being an ECS document.

The rules are those of https://github.com/elastic/ecs-logging/blob/main/spec/spec.json and of the `labels` field set.
"""
import json
import re
import sys

FIRST = ["@timestamp", "log.level", "message", "ecs.version"]
OF_THE_SCHEMA = set(FIRST) | {"service.name", "service.version", "event.dataset", "log.logger", "error.message", "rule.name",
                              "rule.id"}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
LEVELS = {"error", "warn", "info", "debug", "trace"}


def faults(line):
    """What is wrong with this line."""
    twice = []

    def unique(pairs):
        keys = [key for key, _ in pairs]
        twice.extend(f"{key} stands twice" for key in set(keys) if keys.count(key) > 1)
        return dict(pairs)

    try:
        document = json.loads(line, object_pairs_hook=unique)
    except ValueError as error:
        return [f"no JSON: {error}"]
    if not isinstance(document, dict):
        return ["no object"]
    found = list(twice)
    if list(document)[:4] != FIRST:
        found.append(f"begins with {list(document)[:4]}")
    if not TIME.match(str(document.get("@timestamp"))):
        found.append("@timestamp is no RFC 3339 in UTC with milliseconds")
    if document.get("log.level") not in LEVELS:
        found.append("log.level is none")
    for key, value in document.items():
        if not isinstance(value, str):
            found.append(f"{key} is no keyword")
        if key not in OF_THE_SCHEMA and not re.match(r"^labels\.[a-z_]+$", key):
            found.append(f"{key} is neither of the schema nor a flat label")
    return found


def main():
    lines = sys.stdin.buffer.read().decode("utf-8").split("\n")
    wrong = [] if lines.pop() == "" else ["the last line has no end"]
    for number, line in enumerate(lines, 1):
        wrong += [f"line {number}: {fault}: {line}" for fault in faults(line)]
    print("\n".join(wrong) or f"{len(lines)} documents")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
