"""Prometheus, Alertmanager, Grafana, rsyslog and Sentry: their own tools where they run here."""
import json
import re
import socket
import subprocess
import time

from held import PARTS, Missing, documents, moved


def check_prometheus(held):
    """Yields what promtool finds: the configuration with the files it names, the rules, their tests, the fragment for Kubernetes."""
    promtool = held.tool("promtool")
    installed = held.installed() / "deploy"
    places = {"/etc/prometheus": installed / "prometheus", "/run/secrets": installed / "secrets"}
    file = held.scratch / "prometheus.yml"
    file.write_text(moved((held.deploy / "prometheus/prometheus.yml").read_text(encoding="utf-8"), places), encoding="utf-8")
    # The name of a secret in the cluster is the cluster's; that there is a file is not looked at.
    fragment = held.deploy / "kubernetes/prometheus-scrape.yml"
    for what, command in {
        "prometheus/prometheus.yml": ("check", "config", file),
        "prometheus/rules": ("check", "rules", *sorted((held.deploy / "prometheus/rules").glob("*.yml"))),
        "prometheus/rules.test.yml": ("test", "rules", held.deploy / "prometheus/rules.test.yml"),
        "kubernetes/prometheus-scrape.yml": ("check", "config", "--syntax-only", fragment),
    }.items():
        code, said = held.run(promtool, *command)
        if code:
            yield f"{what}: {said}"
    version = held.run(promtool, "--version")[1].split(" (")[0]
    held.note(f"prometheus.yml with every file that it names, rules, unit tests, kubernetes/prometheus-scrape.yml by {version}")
    jobs = {job["job_name"] for job in documents(file)[0]["scrape_configs"]}
    if jobs != {"collect", "watchbell", "api", "node", "postgres", "prometheus", "alertmanager"}:
        yield f"prometheus/prometheus.yml: scrapes {sorted(jobs)}"


def check_alertmanager(held):
    """Yields what amtool finds, and who would hear of what."""
    amtool, file = held.tool("amtool"), held.scratch / "alertmanager.yml"
    text = (held.deploy / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    file.write_text(moved(text, {"/run/secrets": held.installed() / "deploy/secrets"}), encoding="utf-8")
    code, said = held.run(amtool, "check-config", file)
    if code:
        yield f"alertmanager/alertmanager.yml: {said}"
        return
    for alert, receiver in {"WatchbellDown": "watchbell-is-down", "WatchbellNotEvaluating": "watchbell-is-down", "WatchbellCannotTell": "watchbell-is-down", "Watchdog": "listed", "GasPriceSpike": "listed"}.items():
        code, said = held.run(amtool, "config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}", f"alertname={alert}")
        if code:
            yield f"alertmanager/alertmanager.yml: {alert} does not go to {receiver}: {said}"
    alerts = {rule["alert"] for file in (held.deploy / "prometheus/rules").glob("*.yml") for group in documents(file)[0]["groups"] for rule in group["rules"]}
    for alert in re.findall(r"Watch\w+", "|".join(re.findall(r'alertname=~?"([^"]+)"', text))):
        if alert not in alerts:
            yield f"alertmanager/alertmanager.yml: {alert} is no alert of prometheus/rules"
    version = held.run(amtool, "--version")[1].split(" (")[0]
    held.note(f"alertmanager.yml and five of its ways by {version}")


def check_grafana(held):
    """Yields what is wrong with the provisioning: there is no Grafana here, so its shape is ours to know."""
    seen = set()
    mounts = documents(held.deploy / "compose.yaml")[0]["services"]["grafana"]["volumes"]
    mounted = {target: source for source, target, _ in (mount.split(":") for mount in mounts if mount.count(":") == 2)}
    for file in sorted((*(held.deploy / "grafana/provisioning").rglob("*.yaml"), held.root / "dashboards/provisioning/dashboards.yaml")):
        where = file.relative_to(held.root)
        for document in documents(file):
            if document.get("apiVersion") != 1:
                yield f"{where}: apiVersion is not 1"
            for source in document.get("datasources", []):
                lacks = {"name", "uid", "type", "access", "url"} - set(source)
                unknown = set(source) - {"name", "uid", "type", "access", "url", "isDefault", "jsonData", "secureJsonData", "editable", "version", "orgId"}
                if lacks or unknown:
                    yield f"{where}: {source.get('name')}: lacks {sorted(lacks)}, does not know {sorted(unknown)}"
                if source.get("type") not in {"prometheus", "alertmanager"} or source.get("uid") in seen:
                    yield f"{where}: {source.get('name')}: another type than expected, or its uid is there twice"
                seen.add(source.get("uid"))
            for provider in document.get("providers", []):
                path = provider.get("options", {}).get("path")
                if provider.get("type") != "file" or path not in mounted:
                    yield f"{where}: {provider.get('name')}: shows {path}, and compose.yaml mounts {sorted(mounted)}"
                elif not list((held.deploy / mounted[path]).glob("*.json")):
                    yield f"{where}: {provider.get('name')}: there is no dashboard in {mounted[path]}"
    dashboards = [json.loads(file.read_text(encoding="utf-8")) for file in sorted((held.root / "dashboards").glob("*.json"))]
    if "prometheus" not in seen or not dashboards:
        yield "grafana/provisioning: no Prometheus for the dashboards, or no dashboards"
    held.note(f"provisioning of {len(seen)} data sources and {len(dashboards)} dashboards by our own rules (shape, uids, mounts); no Grafana here")


def check_rsyslog(held, lines):
    """Yields what a real rsyslogd makes of the configuration, and of real lines on their way to a stand-in of Logstash."""
    rsyslogd = held.tool("rsyslogd", PARTS / "rsyslog/rsyslogd", "/usr/sbin/rsyslogd")
    text = (held.deploy / "rsyslog/watchbell.conf").read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as sink:
        sink.settimeout(20)
        folder = held.scratch / "rsyslog"
        folder.mkdir()
        (folder / "watchbell.log").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        # There is no journal here: the lines come from a file, tagged as the journal does, and go to a port of our own.
        source = f'module(load="imfile")\ninput(type="imfile" File="{folder}/watchbell.log" Tag="watchbell:")\nglobal(workDirectory="{folder}")'
        text = re.sub(r'module\(load="imjournal"[^)]*\)', source, text)
        text = re.sub(r'port="\d+"', f'port="{sink.getsockname()[1]}"', text)
        (folder / "rsyslog.conf").write_text(text, encoding="utf-8")
        command, options = rsyslog_command(rsyslogd, folder)
        code, said = held.run(*command, "-N1", **options)
        if code:
            yield f"rsyslog/watchbell.conf: {said}"
            return
        yield from shipped(command, options, sink, lines)
    version = held.run(*command[:1], "-v", **options)[1].split(" (")[0].replace("  ", " ")
    held.note(f"watchbell.conf run by {version}: {len(lines)} real lines arrive as they were (from a file: there is no journal here)")


def rsyslog_command(rsyslogd, folder):
    """How to run it unpacked: its modules and libraries lie beside it."""
    root = PARTS / "rsyslog/root"
    if not rsyslogd.startswith(str(root.parent)):
        return [rsyslogd, "-n", "-i", str(folder / "pid"), "-f", str(folder / "rsyslog.conf")], {}
    libraries = ":".join(str(path) for path in (*root.glob("usr/lib/*-linux-gnu"), *root.glob("lib/*-linux-gnu")))
    modules = str(next(root.glob("usr/lib/*-linux-gnu/rsyslog")))
    command = [rsyslogd, "-n", "-i", str(folder / "pid"), "-f", str(folder / "rsyslog.conf"), "-M", modules]
    return command, {"env": {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": libraries}}


def shipped(command, options, sink, lines):
    """What is wrong with what arrives."""
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    got, deadline = b"", time.monotonic() + 20
    try:
        connection, _ = sink.accept()
        connection.settimeout(1)
        while got.count(b"\n") < len(lines) and time.monotonic() < deadline:
            try:
                got += connection.recv(65536)
            except TimeoutError:
                continue
        connection.close()
    except TimeoutError:
        yield "rsyslog/watchbell.conf: rsyslog sends nothing"
    finally:
        program.terminate()
        program.wait(timeout=10)
    arrived = got.decode("utf-8").splitlines()
    for line in lines:
        if line not in arrived:
            yield f"rsyslog/watchbell.conf: a line does not arrive as it was: {line}; there is {arrived[:1]}"
            return


def check_sentry(held):
    """Yields what Sentry's own Relay makes of the scrubbing, and what is not known of the two bodies."""
    project = json.loads((held.deploy / "sentry/project.json").read_text(encoding="utf-8"))
    alert = json.loads((held.deploy / "sentry/alert.json").read_text(encoding="utf-8"))
    for wanted, body, file in (({"platform", "dataScrubber", "scrubIPAddresses", "relayPiiConfig"}, project, "project.json"), ({"name", "conditions", "actions", "actionMatch", "frequency"}, alert, "alert.json")):
        if wanted - set(body):
            yield f"sentry/{file}: lacks {sorted(wanted - set(body))}"
    for file, stack in (("watchbell/watchbell.yaml", documents(held.deploy / "watchbell/watchbell.yaml")[0]),):
        if stack["sentry"]["environment"] != alert["environment"]:
            yield f"sentry/alert.json: looks at {alert['environment']}, and {file} reports {stack['sentry']['environment']}"
    try:
        from sentry_relay.processing import pii_strip_event, validate_pii_config
    except ImportError as error:
        raise Missing("no sentry-relay") from error
    config = project["relayPiiConfig"]
    try:
        validate_pii_config(json.dumps(config))
    except ValueError as error:
        yield f"sentry/project.json: relayPiiConfig: {error}"
        return
    secrets = ("xoxb-1-abc", "wb_" + "x" * 43, "Bearer abc.def-ghi", "user:word")
    said = f"cannot reach https://{secrets[3]}@rpc.example.org with {' and '.join(secrets[:3])}"
    stripped = json.dumps(pii_strip_event(config, {"logentry": {"formatted": said}, "exception": {"values": [{"type": "Error", "value": said}]}}))
    for secret in secrets:
        if secret in stripped:
            yield f"sentry/project.json: `{secret}` is not scrubbed"
    held.note("project.json: scrubbing run by Sentry's Relay (sentry-relay); the rest and alert.json by shape only")
