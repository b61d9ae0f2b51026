"""Runs the parts of scripts/check-deploy, and tells of each what was looked at, by what, and what is wrong."""
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import yaml

import compose
import elastic
import machines
import program
import servers
from held import Held, Missing

ROOT = Path(__file__).resolve().parents[2]


class Lines:
    """The real log lines, had once for all parts that need them."""

    kept = None

    @classmethod
    def of(cls, held):
        if cls.kept is None:
            cls.kept = program.lines(held)
        return cls.kept


PARTS = {
    "compose": compose.check,
    "image": machines.check_image,
    "watchbell": program.check,
    "prometheus": servers.check_prometheus,
    "alertmanager": servers.check_alertmanager,
    "grafana": servers.check_grafana,
    "elasticsearch": lambda held: (*elastic.check_types(held), *elastic.check_setup(held)),
    "logs": lambda held: elastic.check_lines(held, Lines.of(held)),
    "kibana": elastic.check_kibana,
    "rsyslog": lambda held: servers.check_rsyslog(held, Lines.of(held)),
    "kubernetes": machines.check_kubernetes,
    "systemd": machines.check_systemd,
    "sentry": servers.check_sentry,
}
# What only the machine can bring; everywhere else scripts/setup does.
OF_THE_MACHINE = {"systemd"}


def look(root, part):
    """What one part finds wrong, what it looked at; or why it is not checked."""
    held = Held(root)
    try:
        return list(PARTS[part](held)), held.notes, None
    except Missing as why:
        return [], [], why
    finally:
        held.tidy()


def check(root, parts):
    """All of these parts, told as they end."""
    wrong, missing = [], []
    for part in parts:
        begun = time.monotonic()
        found, notes, why = look(root, part)
        for text in (*notes, *(f"WRONG {one}" for one in found)):
            print(f"{part:<14}{text}")
        ended = f"not checked: {why}" if why else f"{'wrong' if found else 'good'} in {time.monotonic() - begun:.1f} s"
        print(f"{part:<14}{ended}", flush=True)
        wrong += found
        missing += [part] if why else []
    return wrong, missing


def prove():
    """Breaks copies, one way each; what nobody notices is a failure."""
    ways = yaml.safe_load((Path(__file__).parent / "broken.yaml").read_text(encoding="utf-8"))
    unnoticed, unproven = [], 0
    for way in ways:
        with tempfile.TemporaryDirectory(prefix="watchbell-broken-") as copy:
            broken(Path(copy), way)
            found, _, why = look(copy, way["part"])
        if why:
            unproven += 1
        elif not any(way["said"] in one for one in found):
            unnoticed.append(way)
            print(f"NOT NOTICED  {way['file']}: {way['so']}: {found or 'nothing is said'}", flush=True)
    tried = len(ways) - unproven
    print(f"{tried - len(unnoticed)} of {tried} broken copies are noticed" + (f"; {unproven} could not be tried" if unproven else ""))
    return 1 if unnoticed or not tried else 0


def broken(copy, way):
    """The repository, with one file of deploy/ that has one thing wrong."""
    for path in ROOT.iterdir():
        if path.name == "deploy":
            shutil.copytree(path, copy / "deploy", symlinks=True, ignore=shutil.ignore_patterns("secrets", "access"))
        elif path.name not in {".git", "target"}:
            (copy / path.name).symlink_to(path)
    file = copy / way["file"]
    text = file.read_text(encoding="utf-8")
    if way["instead_of"] not in text:
        raise AssertionError(f"broken.yaml: `{way['instead_of']}` is not in {way['file']}")
    file.write_text(text.replace(way["instead_of"], way["write"], 1), encoding="utf-8")


def main(arguments):
    if arguments[:1] == ["--prove"]:
        return prove()
    unknown = [part for part in arguments if part not in PARTS]
    if unknown:
        print(f"check-deploy: no part {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    wrong, missing = check(ROOT, arguments or PARTS)
    print(f"{len(arguments or PARTS) - len(missing)} parts checked, {len(wrong)} things wrong" + (f"; not checked: {', '.join(missing)}" if missing else ""))
    return 1 if wrong or (os.environ.get("CI") and set(missing) - OF_THE_MACHINE) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
