"""deploy/compose.yaml: Compose's own reading of it, then what we promise of every service."""
import json
import re
import stat
from pathlib import Path

from held import PARTS

# Who writes into its own image when it starts, so that it cannot be read-only.
WRITES_AT_HOME = ("elasticsearch:", "logstash:", "kibana:")
SECRET_NAMED = re.compile(r"PASSWORD|TOKEN|SECRET|_KEY|DSN|_PASS\b")
# Files in which services name each other, and the service that reads each.
READ_BY = {
    "prometheus/prometheus.yml": "prometheus",
    "prometheus/targets/api.yml": "prometheus",
    "alertmanager/alertmanager.yml": "alertmanager",
    "watchbell/watchbell.yaml": "watchbell",
    "watchbell/collect.yaml": "collect",
    "logstash/pipeline/watchbell.conf": "logstash",
    "grafana/provisioning/datasources/watchbell.yaml": "grafana",
}
# `mail.example.org` and its like are not ours to look up: a name of a service has no dot.
NAMED = re.compile(r"(?<![\w.@/-])([a-z][a-z-]*):(\d{4,5})\b|https?://([a-z][a-z-]*):(\d{4,5})\b")


def check(held):
    """Yields what is wrong with the file."""
    compose = held.tool("docker-compose", PARTS / "trixie/docker-compose")
    installed = held.installed()
    file = installed / "deploy/compose.yaml"
    code, said = held.run(compose, "--file", file, "config", "--format", "json", cwd=installed)
    held.note(f"compose.yaml by Docker Compose {held.run(compose, 'version', '--short')[1]}")
    if code:
        yield f"compose.yaml: {said}"
        return
    stack = json.loads(said)
    for name, service in stack["services"].items():
        for wrong in of_service(stack, service):
            yield f"compose.yaml: service {name}: {wrong}"
    yield from of_secrets(stack)
    yield from of_names(held, stack)
    held.note(f"{len(stack['services'])} services by our own rules (pinned, not root, read-only, limits, health, loopback, secrets by file)")


def of_service(stack, service):
    """What is promised of each service."""
    image = service.get("image", "")
    if not re.search(r":v?\d+(\.\d+)+[\w.-]*$", image):
        yield f"the image `{image}` is not pinned to a version"
    if re.match(r"(0|root)?(:|$)", service.get("user", "")):
        yield "runs as root, or does not say as whom"
    if not service.get("read_only") and not image.startswith(WRITES_AT_HOME):
        yield "its file system can be written"
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []) or service.get("privileged"):
        yield "keeps capabilities, or may gain some"
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    for limit in ("cpus", "memory", "pids"):
        if not limits.get(limit):
            yield f"has no limit of {limit}"
    if not service.get("healthcheck", {}).get("test") and service.get("restart") != "on-failure":
        yield "has no health check"
    yield from of_the_world(stack, service)
    for key, value in service.get("environment", {}).items():
        if SECRET_NAMED.search(key) and not str(value).startswith("/run/secrets"):
            yield f"the secret {key} is given by the environment, not by a file"
    for mount in service.get("volumes", []):
        if mount["type"] == "bind" and mount["source"] != "/" and not mount.get("read_only"):
            yield f"{mount['target']} of this machine can be written"


def of_the_world(stack, service):
    """Published ports, networks, and who is waited for."""
    for port in service.get("ports", []):
        if port.get("host_ip") != "127.0.0.1":
            yield f"port {port['target']} is published beyond loopback"
    inner = [network for network in service.get("networks", {}) if stack["networks"][network].get("internal")]
    if service.get("ports") and len(inner) == len(service.get("networks", {})):
        yield "publishes a port from internal networks only, where nothing reaches it"
    for other, how in service.get("depends_on", {}).items():
        if how["condition"] == "service_healthy" and not stack["services"][other].get("healthcheck"):
            yield f"waits for the health of {other}, which has no check"


def of_secrets(stack):
    """Every secret is made by deploy/prepare, and used."""
    used = {secret["source"] for service in stack["services"].values() for secret in service.get("secrets", [])}
    for name, secret in stack.get("secrets", {}).items():
        try:
            mode = stat.S_IMODE(Path(secret["file"]).stat().st_mode)
        except FileNotFoundError:
            yield f"compose.yaml: secret {name}: deploy/prepare does not make {secret['file']}"
            continue
        if name == "elastic_password" and mode != 0o600:
            yield f"compose.yaml: secret {name}: Elasticsearch reads it only with mode 0600"
        if name not in used:
            yield f"compose.yaml: secret {name} is used by nobody"


def of_names(held, stack):
    """Where a configuration names a service, there is one, on a network of both."""
    networks = {name: set(service.get("networks", {})) for name, service in stack["services"].items()}
    for file, reader in READ_BY.items():
        text = (held.deploy / file).read_text(encoding="utf-8")
        text = re.sub(r"(?m)(^|\s)#.*$", "", text)
        given = {secret["source"] for secret in stack["services"][reader].get("secrets", [])}
        for secret in sorted(set(re.findall(r"/run/secrets/(\w+)", text)) - given):
            yield f"{file}: {reader} is not given the secret {secret}"
        for match in NAMED.finditer(text):
            name = match.group(1) or match.group(3)
            if name not in networks:
                yield f"{file}: `{match.group(0)}` is no service of compose.yaml"
            elif name != reader and not networks[name] & networks[reader]:
                yield f"{file}: {reader} and {name} share no network"
    for mount in (m for service in stack["services"].values() for m in service.get("volumes", []) if m["type"] == "bind"):
        yield from of_mount(held, mount["source"])


def of_mount(held, source):
    """What is mounted from the repository is there."""
    path = Path(source)
    installed = held.installed()
    if path.is_relative_to(installed) and not path.exists() and not (held.root / path.relative_to(installed)).exists():
        yield f"compose.yaml: there is no {path.relative_to(installed)} to mount"
