"""Images, Kubernetes and systemd: hadolint and cargo, kustomize and the API's schemas, systemd-analyze; then what we promise."""
import http.server
import re
import shutil
import threading
from pathlib import Path

import yaml
from held import PARTS, Missing, documents

KUBERNETES = "1.34"
# What `systemd-analyze security` may count, in tenths: below 20 it says OK; ours is at 11.
EXPOSURE = "15"


def check_image(held):
    """Yields what is wrong with the images: the lint, whether everything a build needs is in its context, the health check."""
    hadolint = held.tool("hadolint", PARTS / "deploy/python/bin/hadolint")
    for dockerfile in ("Dockerfile", "testnet/Dockerfile", "application/Dockerfile"):
        code, said = held.run(hadolint, "--no-color", held.deploy / dockerfile)
        if code:
            yield f"{dockerfile}: {said}"
    held.note(f"three Dockerfiles by {held.run(hadolint, '--version')[1]}")
    yield from context(held)
    yield from health(held)


def admitted(held, ignore):
    """What a .dockerignore of the form `*`, then `!…`, lets in."""
    lines = [line for line in (held.deploy / ignore).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    if lines[0] != "*":
        raise AssertionError(f"{ignore} is not of the form that is understood here")
    return [line[1:] for line in lines[1:] if line.startswith("!")]


def context(held):
    """Whether a build finds what it needs in its context, and nothing that is secret."""
    there = held.scratch / "context"
    for name in admitted(held, "Dockerfile.dockerignore"):
        source = held.root / name
        if not source.exists():
            yield f"Dockerfile.dockerignore: there is no {name}"
        elif source.is_dir():
            shutil.copytree(source, there / name)
        else:
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, there / name)
    code, said = held.run(held.tool("cargo"), "metadata", "--offline", "--no-deps", "--format-version", "1", "--manifest-path", there / "Cargo.toml", stderr=None)
    if code:
        yield f"Dockerfile.dockerignore: cargo does not find the package in the context: {said}"
    for source in (there / "src").rglob("*.rs"):
        for named in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', source.read_text(encoding="utf-8")):
            if not (source.parent / named).exists():
                yield f"Dockerfile.dockerignore: {source.relative_to(there)} includes {named}, which is not in the context"
    for folder in ("testnet", "application"):
        let_in = admitted(held, f"{folder}/Dockerfile.dockerignore")
        for line in (held.deploy / folder / "Dockerfile").read_text(encoding="utf-8").splitlines():
            for name in line.split()[1:-1] if line.startswith("COPY") else []:
                if not any(name == one or name.startswith(f"{one}/") for one in let_in) or not (held.root / name).exists():
                    yield f"{folder}/Dockerfile.dockerignore: {name} is copied, and not in the context"
    held.note("contexts by cargo metadata, and every include_str! of src")


class Health(http.server.BaseHTTPRequestHandler):
    """Answers as healthy, or not."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(self.server.status if self.path == "/-/healthy" else 404)
        self.end_headers()


def health(held):
    """Whether `healthy` sees who is healthy."""
    for status, wanted in ((200, 0), (503, 1)):
        server = http.server.HTTPServer(("127.0.0.1", 0), Health)
        server.status = status
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, _ = held.run(held.deploy / "healthy", server.server_port)
        server.shutdown()
        server.server_close()
        if code != wanted:
            yield f"healthy: ends with {code} where the answer is {status}"
    if held.run(held.deploy / "healthy", server.server_port)[0] == 0:
        yield "healthy: ends well where nobody listens"


def check_kubernetes(held):
    """Yields what is wrong with the manifests, as kustomize makes them where kubectl is there."""
    try:
        import kubernetes_validate
    except ImportError as error:
        raise Missing("no kubernetes-validate") from error
    try:
        resources = list(kustomized(held))
    except AssertionError as error:
        yield f"kubernetes: {error}"
        return
    for resource in resources:
        name = f"{resource['kind']} {resource['metadata']['name']}"
        try:
            kubernetes_validate.validate(resource, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"kubernetes: {name}: {error.message} at {'.'.join(str(step) for step in error.path)}"
    held.note(f"{len(resources)} objects by the schemas of Kubernetes {KUBERNETES}, strictly")
    yield from of_cluster(held, resources)


def kustomized(held):
    """The objects: what `kubectl kustomize` makes, else what the files hold."""
    folder = held.deploy / "kubernetes"
    custom = documents(folder / "kustomization.yaml")[0]
    missing = [name for name in custom["resources"] + sum((one["files"] for one in custom["configMapGenerator"]), []) if not (folder / name).exists()]
    if missing:
        raise AssertionError(f"kustomization.yaml: there is no {', '.join(missing)}")
    kubectl = shutil.which("kubectl")
    if kubectl:
        code, said = held.run(kubectl, "kustomize", "--load-restrictor", "LoadRestrictionsNone", folder)
        if code:
            raise AssertionError(said)
        held.note("what kubectl kustomize makes")
        return [one for one in yaml.safe_load_all(said) if one]
    held.note("no kubectl here: the files as they are")
    made = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": one["name"]}, "data": {Path(name).name: (folder / name).read_text(encoding="utf-8") for name in one["files"]}} for one in custom["configMapGenerator"]]
    return made + [one for name in custom["resources"] for one in documents(folder / name)]


def of_cluster(held, resources):
    """What we promise of the objects together."""
    by_kind = lambda kind: [one for one in resources if one["kind"] == kind]
    rules = {path.name for path in (held.root / "rules").glob("*.yaml")}
    maps = {one["metadata"]["name"]: set(one["data"]) for one in by_kind("ConfigMap")}
    if maps.get("watchbell-rules") != rules:
        yield f"kubernetes: watchbell-rules holds {sorted(maps.get('watchbell-rules', []))}, and rules/ has {sorted(rules)}"
    stack = {name for name, secret in documents(held.deploy / "compose.yaml")[0]["secrets"].items()}
    for one in by_kind("StatefulSet"):
        for wrong in of_pods(one, maps, rules, resources):
            yield f"kubernetes: {one['metadata']['name']}: {wrong}"
    if not any(policy["spec"]["podSelector"] == {} and policy["spec"]["policyTypes"] == ["Ingress", "Egress"] and not policy["spec"].get("egress") for policy in by_kind("NetworkPolicy")):
        yield "kubernetes: no policy denies everything first"
    for policy in by_kind("NetworkPolicy") + by_kind("PodDisruptionBudget"):
        wanted = (policy["spec"].get("podSelector") or policy["spec"].get("selector") or {}).get("matchLabels")
        if wanted and not any(wanted.items() <= one["spec"]["template"]["metadata"]["labels"].items() for one in by_kind("StatefulSet")):
            yield f"kubernetes: {policy['kind']} {policy['metadata']['name']} is about no pod"
    for item in (item for one in by_kind("StatefulSet") for volume in one["spec"]["template"]["spec"]["volumes"] for item in volume.get("secret", {}).get("items", [])):
        if item["key"] not in stack:
            yield f"kubernetes: the secret {item['key']} is none of compose.yaml's"


def of_pods(one, maps, rules, resources):
    """What we promise of each workload."""
    spec = one["spec"]["template"]["spec"]
    if one["spec"]["replicas"] != 1:
        yield "its state is a file: only one replica can have it"
    if spec.get("automountServiceAccountToken") is not False or not spec["securityContext"].get("runAsNonRoot") or not spec["securityContext"].get("seccompProfile"):
        yield "has a token of Kubernetes, may be root, or has no seccomp profile"
    volumes = {volume["name"] for volume in spec["volumes"]} | {claim["metadata"]["name"] for claim in one["spec"]["volumeClaimTemplates"]}
    for container in spec["containers"]:
        safe = container["securityContext"]
        if safe.get("allowPrivilegeEscalation") is not False or not safe.get("readOnlyRootFilesystem") or safe.get("capabilities", {}).get("drop") != ["ALL"]:
            yield "may gain privileges, or write its image"
        if not container["resources"].get("limits", {}).get("memory") or not container["resources"].get("requests"):
            yield "has no limit of memory, or asks for nothing"
        probes = {kind: container.get(kind, {}).get("httpGet", {}).get("path") for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
        if probes != {"startupProbe": "/-/healthy", "livenessProbe": "/-/healthy", "readinessProbe": "/-/ready"}:
            yield f"its probes ask {probes}"
        if {mount["name"] for mount in container["volumeMounts"]} - volumes:
            yield "mounts a volume that is not there"
        if not re.search(r":\d+(\.\d+)+", container["image"]):
            yield f"the image `{container['image']}` is not pinned"
        ports = {port["name"] for port in container["ports"]}
        for service in (it for it in resources if it["kind"] == "Service" and it["spec"].get("selector", {}).items() <= one["spec"]["template"]["metadata"]["labels"].items() and it["spec"].get("selector")):
            if {port["targetPort"] for port in service["spec"]["ports"]} - ports:
                yield f"the service {service['metadata']['name']} leads to a port that it does not have"
    if one["spec"]["selector"]["matchLabels"].items() - one["spec"]["template"]["metadata"]["labels"].items():
        yield "does not select its own pods"
    for source in next(volume for volume in spec["volumes"] if volume["name"] == "files")["projected"]["sources"]:
        named = source.get("configMap", {})
        if named and named["name"] not in maps:
            yield f"there is no config map {named['name']}"
        if named.get("items") and {item["key"] for item in named["items"]} != rules:
            yield "does not mount every file of rules/"


def check_systemd(held):
    """Yields what systemd finds in the units, how exposed they are, and secrets that the example of the environment lacks."""
    analyze = held.tool("systemd-analyze")
    units, root = sorted((held.deploy / "systemd").glob("*.service")), held.scratch / "root"
    system = next((Path(place) for place in ("/usr/lib/systemd/system", "/lib/systemd/system") if Path(place).is_dir()), None)
    if system is None:
        raise Missing("no units of systemd itself")
    shutil.copytree(system, root / "usr/lib/systemd/system", symlinks=True)
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "usr/lib/sysusers.d").mkdir(parents=True)
    shutil.copy(held.deploy / "systemd/watchbell.sysusers.conf", root / "usr/lib/sysusers.d/watchbell.conf")
    for unit in units:
        shutil.copy(unit, root / "etc/systemd/system")
    for program in ("usr/local/bin/watchbell", "bin/kill"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        (root / program).touch(0o755)
    code, said = held.run(analyze, "verify", "--man=no", "--recursive-errors=no", f"--root={root}", *(unit.name for unit in units))
    # It ends well where it has only ignored what it does not know.
    if code or said:
        yield f"systemd: {said}"
    for unit in units:
        code, said = held.run(analyze, "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE}", unit)
        if code:
            yield f"systemd/{unit.name}: {said.splitlines()[-1]}"
    users = held.run(held.tool("systemd-sysusers"), "--dry-run", f"--root={root}")
    if users[0]:
        yield f"systemd/watchbell.sysusers.conf: {users[1]}"
    for unit in units:
        for kind in re.findall(r"^(?:User|Group)=(.*)", unit.read_text(encoding="utf-8"), re.M):
            if f"'{kind}'" not in users[1]:
                yield f"systemd/{unit.name}: nobody makes {kind}"
    # What `collect:` asks for is the collector's, everything else the service's.
    before, _, collect = (held.root / "watchbell.yaml").read_text(encoding="utf-8").partition("\ncollect:")
    for asked, file in ((before, "watchbell.env.example"), (collect, "watchbell-collect.env.example")):
        example = (held.deploy / "systemd" / file).read_text(encoding="utf-8")
        for name in re.findall(r"\{ env: (\w+) \}", asked):
            if not re.search(rf"^{name}=", example, re.M):
                yield f"systemd/{file}: {name} of watchbell.yaml is not there"
    version = held.run(analyze, "--version")[1].splitlines()[0].split(" (")[0]
    held.note(f"two units and their users by systemd-analyze verify, security (below {int(EXPOSURE) / 10}) and systemd-sysusers of {version}; not started: there is no systemd here")


