"""What every part of scripts/check-deploy is given: the repository, a copy of deploy/ as an installation has it, the tools.

A part is a function that yields what is wrong, one sentence each, and notes what it looked at and by which tool.
"""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

# Where scripts/setup and scripts/check-deploy --install put tools.
PARTS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchbell"


class Missing(Exception):
    """A tool is not there; the part is not checked, and says so."""


class Held:
    """One look at one repository."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.deploy = self.root / "deploy"
        self.notes = []
        self._tidy = tempfile.TemporaryDirectory(prefix="watchbell-deploy-")
        self.scratch = Path(self._tidy.name)
        self._installed = None

    def note(self, text):
        """What was looked at, and by what."""
        self.notes.append(text)

    def tool(self, name, *places):
        """The path of a program: of this machine, or where setup unpacks."""
        for place in (*places, PARTS / "bin" / name):
            if os.access(place, os.X_OK):
                return str(place)
        found = shutil.which(name)
        if not found:
            raise Missing(f"no {name}")
        return found

    def watchbell(self):
        """The built program: what WATCHBELL names, else the newest build."""
        named = os.environ.get("WATCHBELL")
        target = Path(os.environ.get("CARGO_TARGET_DIR") or Path(__file__).resolve().parents[2] / "target")
        built = [Path(named)] if named else [target / kind / "watchbell" for kind in ("release", "debug")]
        built = [path for path in built if path.exists()]
        if not built:
            raise Missing("no watchbell in target: cargo build")
        return str(max(built, key=lambda path: path.stat().st_mtime))

    def installed(self):
        """A copy of the repository's deploy/ and rules/ with what `deploy/prepare` makes, as a machine has it."""
        if self._installed is None:
            there = self.scratch / "installed"
            shutil.copytree(self.deploy, there / "deploy", symlinks=True, ignore=shutil.ignore_patterns("secrets", "access"))
            shutil.copytree(self.root / "rules", there / "rules")
            # Where the repository has a link, a container has a mount.
            (there / "deploy/watchbell/rules").unlink()
            shutil.copytree(self.root / "rules", there / "deploy/watchbell/rules")
            subprocess.run([self.deploy / "prepare", there / "deploy"], check=True, capture_output=True)
            self._installed = there
        return self._installed

    def run(self, *command, **options):
        """Runs a tool; its exit code and what it said, both ways together."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 120, **options}
        done = subprocess.run([str(part) for part in command], check=False, **options)
        return done.returncode, (done.stdout or "").strip()

    def tidy(self):
        """Removes what was made."""
        self._tidy.cleanup()


def documents(path):
    """The YAML documents of a file."""
    return [one for one in yaml.safe_load_all(Path(path).read_text(encoding="utf-8")) if one is not None]


def moved(text, places):
    """A configuration with the container's paths replaced by where the copies lie."""
    longest_first = "|".join(re.escape(path) for path in sorted(places, key=len, reverse=True))
    return re.sub(rf"(?<![\w./-])({longest_first})(?=[/\s\"'),]|$)", lambda match: str(places[match[1]]), text)
