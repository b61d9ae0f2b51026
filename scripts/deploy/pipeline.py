"""Logstash's configuration language, read and carried out as far as deploy/logstash needs it.

There is no Logstash here. The reader follows the grammar that Logstash documents: sections of plugins and branches; values that are words,
strings, numbers, lists, mappings and plugins. The player carries out the four filters that the pipeline uses, each as its page describes it.
"""
import json
import re

SPACE = re.compile(r"(?:\s+|#[^\n]*(?:\n|$))*")
TOKENS = {
    "string": re.compile(r'"((?:\\"|[^"])*)"|\'((?:\\\'|[^\'])*)\''),
    "number": re.compile(r"-?\d+(?:\.\d*)?(?![A-Za-z_])"),
    "name": re.compile(r"[A-Za-z0-9_-]+"),
    "word": re.compile(r"[A-Za-z_][A-Za-z0-9_]+"),
    "selector": re.compile(r"(?:\[[^\]\[,]+\])+"),
}
# What the plugins of this pipeline take, from their pages. Another word is a mistake that Logstash would refuse to start with.
SETTINGS = {
    "udp": "port host codec receive_buffer_bytes buffer_size queue_size workers tags type add_field id",
    "tcp": "port host codec mode tcp_keep_alive ssl_enabled ssl_certificate ssl_key ssl_client_authentication tags type add_field id",
    "grok": "match pattern_definitions overwrite tag_on_failure named_captures_only break_on_match timeout_millis add_field remove_field id",
    "json": "source target tag_on_failure skip_on_invalid_json add_field remove_field id",
    "mutate": "add_field remove_field rename replace copy convert gsub strip add_tag remove_tag id",
    "drop": "percentage id",
    "elasticsearch": "hosts user password api_key data_stream data_stream_type data_stream_dataset data_stream_namespace "
    "data_stream_auto_routing data_stream_sync_fields ssl_enabled ssl_certificate_authorities id",
    "plain": "charset format",
    "line": "charset format delimiter",
    "json_lines": "charset target delimiter",
}
SECTIONS = {"input": {"udp", "tcp"}, "filter": {"grok", "json", "mutate", "drop"}, "output": {"elasticsearch"}}


class Wrong(Exception):
    """What stands where it may not."""


class Reader:
    """Reads one file from its beginning to its end."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def fail(self, wanted):
        line = self.text.count("\n", 0, self.at) + 1
        raise Wrong(f"line {line}: {wanted} is missing before `{self.text[self.at:self.at + 20]!r}`")

    def space(self):
        self.at = SPACE.match(self.text, self.at).end()

    def try_word(self, literal):
        self.space()
        if not self.text.startswith(literal, self.at) or (literal.isalpha() and re.match(r"\w", self.text[self.at + len(literal):])):
            return False
        self.at += len(literal)
        return True

    def need(self, literal):
        if not self.try_word(literal):
            self.fail(f"`{literal}`")

    def token(self, *kinds):
        self.space()
        for kind in kinds:
            match = TOKENS[kind].match(self.text, self.at)
            if match:
                self.at = match.end()
                found = next((group for group in match.groups() if group is not None), match.group(0))
                return (kind, found)
        return None

    def config(self):
        sections = []
        while self.space() or self.at < len(self.text):
            kind = next((kind for kind in SECTIONS if self.try_word(kind)), None) or self.fail("input, filter or output")
            self.need("{")
            sections.append((kind, self.steps(kind)))
        return sections

    def steps(self, section):
        steps = []
        while not self.try_word("}"):
            steps.append(self.branch(section) if self.try_word("if") else self.plugin(SECTIONS[section]))
        return steps

    def branch(self, section):
        arms, otherwise = [], []
        condition = self.condition()
        self.need("{")
        arms.append((condition, self.steps(section)))
        while self.try_word("else"):
            if self.try_word("if"):
                condition = self.condition()
                self.need("{")
                arms.append((condition, self.steps(section)))
            else:
                self.need("{")
                otherwise = self.steps(section)
                break
        return ("if", arms, otherwise)

    def condition(self):
        terms = [self.term()]
        while any(self.try_word(word) for word in ("and", "or")):
            terms.append(self.term())
        return terms if len(terms) > 1 else terms[0]

    def term(self):
        if self.try_word("!"):
            return ("not", self.rvalue())
        left = self.rvalue()
        for operator in ("not in", "in", "==", "!=", "=~", "!~"):
            if self.try_word(operator):
                return (operator, left, self.rvalue())
        return ("is", left)

    def rvalue(self):
        return self.token("string", "number", "selector") or self.fail("a string, a number or a [field]")

    def plugin(self, known):
        name = (self.token("name") or self.fail("a plugin"))[1]
        if name not in known:
            raise Wrong(f"the plugin `{name}` is none of {', '.join(sorted(known))} here")
        self.need("{")
        settings = {}
        while not self.try_word("}"):
            key = (self.token("string", "name") or self.fail("a setting or `}`"))[1]
            if key not in SETTINGS[name].split():
                raise Wrong(f"`{name}` has no setting `{key}`")
            self.need("=>")
            settings[key] = self.value()
        return (name, settings)

    def value(self):
        if self.try_word("["):
            return self.list_of("]")
        if self.try_word("{"):
            return self.mapping()
        start = self.at
        word = self.token("string", "number", "word") or self.fail("a value")
        if word[0] == "word" and self.try_word("{"):
            self.at = start
            return self.plugin({"plain", "line", "json_lines"})
        return {"true": True, "false": False}.get(word[1], word[1]) if word[0] == "word" else word[1]

    def list_of(self, end):
        values = []
        while not self.try_word(end):
            if values:
                self.need(",")
            values.append(self.value())
        return values

    def mapping(self):
        pairs = {}
        while not self.try_word("}"):
            key = (self.token("number", "word", "string") or self.fail("a key or `}`"))[1]
            self.need("=>")
            pairs[key] = self.value()
        return pairs


def path_of(field):
    """`[a][b]` or `a` as the keys that lead there. A name with a dot is one key."""
    return re.findall(r"\[([^\]]+)\]", field) or [field]


def get(event, field):
    for key in path_of(field):
        event = event.get(key) if isinstance(event, dict) else None
    return event


def put(event, field, value):
    *way, last = path_of(field)
    for key in way:
        event = event.setdefault(key, {})
    event[last] = value


def forget(event, field):
    *way, last = path_of(field)
    for key in way:
        event = event.get(key, {})
    if isinstance(event, dict):
        event.pop(last, None)


def play(steps, event):
    """What the filters make of an event."""
    for step in steps:
        if step[0] == "if":
            arm = next((arm for condition, arm in step[1] if holds(condition, event)), step[2])
            play(arm, event)
        else:
            FILTERS[step[0]](step[1], event)
    return event


def holds(condition, event):
    operator, left, *right = condition
    value = (lambda it: get(event, it[1]) if it[0] == "selector" else it[1])
    if operator == "is":
        return value(left) not in (None, False)
    if operator == "not":
        return value(left) in (None, False)
    inside = value(left) in (value(right[0]) or [])
    return {"in": inside, "not in": not inside, "==": value(left) == value(right[0]), "!=": value(left) != value(right[0])}[operator]


def grok(settings, event):
    for field, pattern in settings["match"].items():
        names = []

        def group(match):
            names.append(match.group(2))
            return f"({settings['pattern_definitions'][match.group(1)]})"

        found = re.search(re.sub(r"%\{(\w+):([^}]+)\}", group, pattern), get(event, field) or "")
        for name, text in zip(names, found.groups() if found else ()):
            put(event, name, text)
        if not found:
            event.setdefault("tags", []).extend(settings.get("tag_on_failure", ["_grokparsefailure"]))


def parse_json(settings, event):
    try:
        document = json.loads(get(event, settings["source"]))
    except ValueError:
        event.setdefault("tags", []).extend(settings.get("tag_on_failure", ["_jsonparsefailure"]))
        return
    event.update(document)


def mutate(settings, event):
    for field, value in settings.get("add_field", {}).items():
        put(event, field, value)
    for field in settings.get("remove_field", []):
        forget(event, field)


FILTERS = {"grok": grok, "json": parse_json, "mutate": mutate}


def carried(line, how, host="watchbell-1"):
    """What an input makes of a line: Docker's syslog driver wraps it, rsyslog sends it as it is."""
    message = f"<30>1 2026-01-05T09:00:00.000000Z {host} watchbell 77 watchbell - {line}" if how == "docker" else line
    return {
        "@timestamp": "2026-01-05T09:00:01.000Z", "@version": "1", "message": message, "tags": [how], "host": {"ip": "127.0.0.1"},
        "event": {"original": message},
    }


def indexed(event):
    """What the output sends: metadata stays behind."""
    return {key: value for key, value in event.items() if key != "@metadata"}
