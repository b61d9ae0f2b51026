"""deploy/elasticsearch and deploy/kibana: Elasticsearch's own types, and real log lines against the mapping."""
import http.server
import json
import re
import threading

import pipeline
from held import PARTS, Missing

TYPED = {"index-template.json": "IndicesPutIndexTemplateRequest", "lifecycle.json": "IlmPutLifecycleRequest", "writer-role.json": "SecurityPutRoleRequest"}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def check_types(held):
    """Yields what the types that Elastic generates from Elasticsearch's specification refuse."""
    types = PARTS / "deploy/elasticsearch/package/lib/api/types.d.ts"
    compiler = PARTS / "payloads/node_modules/typescript/bin/tsc"
    if not types.exists() or not compiler.exists():
        raise Missing("no types of @elastic/elasticsearch, or no TypeScript")
    for file, kind in TYPED.items():
        text = (held.deploy / "elasticsearch" / file).read_text(encoding="utf-8")
        try:
            json.loads(text)
        except ValueError as error:
            yield f"elasticsearch/{file}: {error}"
            continue
        # As a literal, so that unknown keys and other words than the known ones are refused.
        body = f"import type * as es from '{types.with_suffix('').with_suffix('')}';\nexport const it: Omit<es.{kind}, 'name'> =\n{text};\n"
        (held.scratch / f"{kind}.ts").write_text(body, encoding="utf-8")
    sources = sorted(held.scratch.glob("*Request.ts"))
    _, said = held.run(held.tool("node"), compiler, "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--moduleResolution", "node", "--pretty", "false", *sources)
    for line in said.splitlines():
        found = re.match(r".*?(\w+Request)\.ts\((\d+),\d+\): error \w+: (.*)", line)
        if found:
            file = next(name for name, kind in TYPED.items() if kind == found[1])
            yield f"elasticsearch/{file}:{int(found[2]) - 2}: {found[3]}"
    held.note(f"{', '.join(TYPED)} by the types of @elastic/elasticsearch 9.2.0")


def mapping(held):
    """The mapping of the template."""
    return json.loads((held.deploy / "elasticsearch/index-template.json").read_text(encoding="utf-8"))["template"]["mappings"]


def field_of(properties, name):
    """What the mapping says of a field: its definition, `labels` for a label, or nothing."""
    here = {"properties": properties["properties"]}
    for key in name.split("."):
        if here.get("dynamic") is True:
            return next(iter(properties["dynamic_templates"][0].values()))["mapping"]
        here = here.get("properties", {}).get(key)
        if here is None:
            return None
    return here


def flat(document, before=""):
    """The leaves of a document by their dotted names, as Elasticsearch sees them."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def refuses(properties, document):
    """Why this document would be refused, or be stored with a field that nobody finds."""
    for required in ("@timestamp", "message", "log.level", "ecs.version"):
        if required not in dict(flat(document)):
            yield f"has no {required}"
    for name, value in flat(document):
        field = field_of(properties, name)
        if field is None:
            yield f"{name} is not in the mapping"
        elif field["type"] == "date" and not TIME.match(str(value)):
            yield f"{name} is no date: {value}"
        elif field["type"] in ("keyword", "match_only_text") and not isinstance(value, (str, list)):
            yield f"{name} is no text: {value!r}"
        elif field["type"] == "keyword" and len(value) > field.get("ignore_above", 1 << 15):
            yield f"{name} is longer than what is indexed"


def check_lines(held, lines):
    """Yields what is wrong with the pipeline and the mapping for real lines of the program, and lines that are none."""
    file = held.deploy / "logstash/pipeline/watchbell.conf"
    try:
        sections = pipeline.Reader(file.read_text(encoding="utf-8")).config()
    except pipeline.Wrong as wrong:
        yield f"logstash/pipeline/watchbell.conf: {wrong}"
        return
    kinds = [kind for kind, _ in sections]
    if kinds != ["input", "filter", "output"]:
        yield f"logstash/pipeline/watchbell.conf: has {kinds}, and needs one input, one filter, one output"
        return
    filters, properties = sections[1][1], mapping(held)
    for how in ("docker", "rsyslog"):
        for line in lines:
            made = pipeline.indexed(pipeline.play(filters, pipeline.carried(line, how)))
            if made != json.loads(line):
                yield f"logstash: by way of {how} a line arrives as {json.dumps(made)}, and was {line}"
            yield from (f"elasticsearch/index-template.json: {why}, in the line {line}" for why in refuses(properties, made))
        for line in ("thread 'main' panicked", '{"half": '):
            made = pipeline.indexed(pipeline.play(filters, pipeline.carried(line, how)))
            if line not in made.get("message", "") or not {"no_document", "no_json"} & set(made.get("tags", [])):
                yield f"logstash: what is no document is lost: {line} arrives as {json.dumps(made)}"
    labels = {name for line in lines for name in json.loads(line)}
    held.note(f"watchbell.conf by our own reader and player of Logstash's language, on {len(lines)} real lines with {len(labels)} fields, by Docker and by rsyslog")


def check_kibana(held):
    """Yields what is wrong with the saved searches: their shape, references, and fields that no line can have."""
    file, properties = held.deploy / "kibana/watchbell.ndjson", mapping(held)
    objects = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            objects.append(json.loads(line))
        except ValueError as error:
            yield f"kibana/watchbell.ndjson:{number}: {error}"
            return
    known = {(one["type"], one["id"]) for one in objects}
    if len(known) != len(objects):
        yield "kibana/watchbell.ndjson: two objects have one id"
    for one in objects:
        for wrong in of_object(one, known, properties):
            yield f"kibana/watchbell.ndjson: {one['id']}: {wrong}"
    held.note(f"watchbell.ndjson: {len(objects)} objects by our own rules (shape, references, fields of the mapping)")


def of_object(one, known, properties):
    """What is wrong with one saved object."""
    attributes = one["attributes"]
    for reference in one["references"]:
        if (reference["type"], reference["id"]) not in known:
            yield f"refers to {reference['type']} {reference['id']}, which is not in the file"
    if one["type"] == "index-pattern":
        if not attributes.get("title") or attributes.get("timeFieldName") != "@timestamp":
            yield "is a data view without title or time"
        return
    if one["type"] != "search":
        yield f"is a {one['type']}; only data views and searches are expected"
        return
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    if source["indexRefName"] not in {reference["name"] for reference in one["references"]}:
        yield "searches no data view"
    if source["query"]["language"] != "kuery":
        yield "asks in another language than KQL"
    asked = re.findall(r"([\w.@]+)\s*:", re.sub(r'"[^"]*"', '""', source["query"]["query"]))
    for field in [*attributes["columns"], *(name for name, _ in attributes["sort"]), *asked]:
        if field_of(properties, field) is None:
            yield f"{field} is no field of the mapping"


class Asked(http.server.BaseHTTPRequestHandler):
    """Stands for Elasticsearch and Kibana while setup.sh runs: keeps what it is asked, answers yes."""

    def log_message(self, *_):
        pass

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, self.headers, body))
        answer = b'{"acknowledged":true,"success":true}'
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_POST = do


def check_setup(held):
    """Yields what is wrong with setup.sh, from what it asks a stand-in."""
    secrets = held.installed() / "deploy/secrets"
    for status, wanted in ((200, 0), (400, 1)):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        server.asked, server.status = [], status
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        environment = {"PATH": "/usr/bin:/bin", "ELASTICSEARCH": url, "KIBANA": url, "SECRETS": str(secrets), "PAUSE": "0", "SEARCHES": str(held.deploy / "kibana/watchbell.ndjson")}
        code, said = held.run("bash", held.deploy / "elasticsearch/setup.sh", env=environment)
        server.shutdown()
        if code != wanted:
            yield f"elasticsearch/setup.sh: ends with {code} where every answer is {status}: {said}"
        if status == 200:
            asked = {f"{method} {path}": body for method, path, _, body in server.asked}
            yield from of_asked(held, asked, server.asked)
    held.note(f"setup.sh run against a stand-in: {len(asked)} requests")


def of_asked(held, asked, all_asked):
    """What setup.sh has to ask."""
    for file, path in (("lifecycle.json", "PUT /_ilm/policy/watchbell-logs"), ("index-template.json", "PUT /_index_template/watchbell-logs"), ("writer-role.json", "PUT /_security/role/logstash_watchbell")):
        if json.loads(asked.get(path) or "null") != json.loads((held.deploy / "elasticsearch" / file).read_text(encoding="utf-8")):
            yield f"elasticsearch/setup.sh: does not send {file} by {path}"
    for path in ("PUT /_security/user/logstash_watchbell", "POST /_security/user/kibana_system/_password"):
        if not json.loads(asked.get(path) or "{}").get("password"):
            yield f"elasticsearch/setup.sh: {path} sends no password"
    if not any(b"watchbell-trouble" in body for _, path, _, body in all_asked if "_import" in path):
        yield "elasticsearch/setup.sh: imports no saved searches"
    if any(not headers.get("Authorization") for _, _, headers, _ in all_asked):
        yield "elasticsearch/setup.sh: asks without a password"
    template = json.loads((held.deploy / "elasticsearch/index-template.json").read_text(encoding="utf-8"))
    if template["template"]["settings"]["index"]["lifecycle"]["name"] not in " ".join(asked):
        yield "elasticsearch/index-template.json: names a lifecycle that setup.sh does not make"


