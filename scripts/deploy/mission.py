"""docs/mission.md: its commands are run, and its rows are held against the lines of the mission document."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from held import PARTS, Missing
from run import ROOT, Stack, heartbeat, story

PAGE = ROOT / "docs/mission.md"
DOCUMENT = Path(os.environ.get("MISSION_DOCUMENT") or ROOT.parent / "shared/mission/performance-monitoring-setup.md")
SECONDS = 120


def tables(text):
    """The rows of the page's tables that begin with `mission`, and its headings, in their order: ("row", cells) or ("heading", text)."""
    header = None
    for line in text.splitlines():
        if line.startswith("#"):
            yield "heading", line
        if not line.startswith("|"):
            header = None
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if header is None:
            header = cells
        elif header[0] == "mission" and not set(line) <= set("|-: "):
            yield "row", dict(zip(header, cells, strict=True))


def commands(text):
    """Each command of the page once, with what it has to print where the page says so."""
    seen = {}
    for kind, row in tables(text):
        if kind == "row":
            for command, wanted in re.findall(r"`([^`]+)`(?: → `([^`]+)`)?", row.get("show it", "")):
                seen.setdefault(command, set()).update({wanted} - {""})
    return seen


def plain(line):
    """A line without the marks of its list, heading or emphasis."""
    line = re.sub(r"^(#+|[-*] \[ \]|[-*]|\d+\.)\s+", "", line.replace("`", "").strip())
    return re.sub(r"\s+", " ", line.replace("*", "")).strip()


def quoted(text):
    """What the page quotes, in its order: (line, whether what follows it is meant as well, whether it is only a heading)."""
    for kind, what in tables(text):
        if kind == "heading":
            yield plain(what), False, True
        else:
            for part in what["mission"].split("<br>"):
                bare = part.strip().strip("`")
                yield plain(bare.removesuffix("…")), bare.endswith("…"), False


def told(document):
    """The lines that need a row: all but blank ones, fences and rules."""
    return [line for line in document.splitlines() if plain(line) and not re.match(r"^\s*(```|---\s*$)", line)]


def uncovered(rows, wanted):
    """What of the document has no row, and what rows quote that is not there."""
    at, running, wrong = 0, False, []
    for line in wanted:
        ahead = at
        # Headings of the page that are none of the document's are passed over.
        while ahead < len(rows) and rows[ahead][2] and rows[ahead][0] != plain(line):
            ahead += 1
        if ahead < len(rows) and rows[ahead][0] == plain(line):
            at, running = ahead + 1, rows[ahead][1]
        elif not running:
            wrong.append(f"no row for: {line.strip()}" + (f" (the page goes on with: {rows[ahead][0]})" if ahead < len(rows) else ""))
    wrong += [f"quoted, and not there in this order: {line}" for line, _, heading in rows[at:] if not heading]
    return wrong


def lines():
    """Holds the page against the document."""
    if not DOCUMENT.exists():
        print("mission: the document is not beside the repository; its lines are not compared")
        return 0
    page = PAGE.read_text(encoding="utf-8")
    rows, wanted = list(quoted(page)), told(DOCUMENT.read_text(encoding="utf-8"))
    wrong = uncovered(rows, wanted)
    # A comparison that would miss a row that is taken out, or one that says something else, compares nothing. Behind a row that goes on
    # until the next one, the next one may be missing.
    for at, (line, running, heading) in enumerate(rows):
        changed, gone = [(f"{line} and more", running, heading)], []
        for other in [changed] if rows[at - 1][1] else [changed, gone]:
            if not heading and not wrong and not uncovered(rows[:at] + other + rows[at + 1:], wanted):
                wrong.append(f"nobody would notice if the row `{line}` were gone or changed")
    # The first one says where it goes wrong; what follows it only follows.
    without = [row["mission"] for kind, row in tables(page) if kind == "row" and not re.search(r"`[^`]+`", row.get("show it", ""))]
    wrong += [f"nothing shows: {row}" for row in without]
    for one in wrong[:2]:
        print(f"mission: {one}", file=sys.stderr)
    print(f"{len(wanted) - min(len(wanted), len(wrong))} of {len(wanted)} lines of the mission document have their row")
    return 1 if wrong else 0


def checkout(stack):
    """What a clone of this state would be: every file that git knows or would take."""
    there = stack.held.scratch / "checkout"
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode("utf-8").split("\0")):
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, there / name, follow_symlinks=False)
    for command in (("init", "--quiet"), ("add", "--all"), ("-c", "user.name=mission", "-c", "user.email=mission@example.org", "commit", "--quiet", "--message", "as it is")):
        subprocess.run(["git", *command], cwd=there, check=True, capture_output=True)
    # Where the configuration of deploy/ looks for its secrets; the mount is ours alone.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    shutil.copytree(stack.there / "secrets", "/run/secrets")
    bins = stack.held.scratch / "bin"
    bins.mkdir()
    (bins / "watchbell").symlink_to(stack.held.watchbell())
    # The journal of the service that runs is that of the checkout's configuration.
    (there / "watchbell.db").symlink_to(stack.state / "watchbell/watchbell.db")
    return there, bins


def history(folder):
    """A day of made-up past with an hour of trouble in it, and two months of business, as blocks that Prometheus opens when it starts."""
    past = folder / "past.om"
    with open(past, "w", encoding="utf-8") as out:
        subprocess.run([sys.executable, ROOT / "scripts/history_stack.py", "write", "--days", "1", "--step", "60", "--long", "62", "--trouble", "6", "5"], stdout=out, check=True)
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=1488h", past, folder], check=True, capture_output=True)
    past.unlink()


def first_alert(stack):
    """INC-1 of the page: what some program posts before anything else happens."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    body = json.dumps([{"labels": {"alertname": "BridgeHalted", "severity": "critical"}, "annotations": {"summary": "the bridge stands still"}, "endsAt": ends}])
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token(stack)}"}
    urllib.request.urlopen(urllib.request.Request("http://watchbell:9095/api/v2/alerts", body.encode(), headers), timeout=10).close()


def token(stack):
    """What a responder shows."""
    return (stack.there / "secrets/watchbell_responder_token").read_text(encoding="utf-8")


def run_all(stack, only):
    """Runs the commands of the page one after the other; the ones that do not do what the page says."""
    there, bins = checkout(stack)
    environment = {
        **os.environ, "PATH": f"{bins}:{os.environ['PATH']}:{PARTS / 'bin'}", "WATCHBELL": stack.held.watchbell(), "NO_COLOR": "1",
        "WATCHBELL_URL": "http://127.0.0.1:9095", "WATCHBELL_TOKEN": token(stack),
    }
    failed, count = [], 0
    for command, wanted in commands(PAGE.read_text(encoding="utf-8")).items():
        if only not in command:
            continue
        count += 1
        begun = time.monotonic()
        try:
            done = subprocess.run(["bash", "-c", command], cwd=there, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
            code, said = done.returncode, done.stdout
        except subprocess.TimeoutExpired:
            code, said, done = "no end", "", None
        lacks = sorted(text for text in wanted if text not in said)
        good = code == 0 and said.strip() and not lacks
        said_lines = len(said.splitlines())
        print(f"{'ok ' if good else 'BAD'} {time.monotonic() - begun:5.1f} s {said_lines:4} lines  {command}", flush=True)
        if not good:
            failed.append(command)
            print(f"     exit code {code}, without {lacks}\n{said[-1500:]}{done.stderr[-1500:] if done else ''}")
    print(f"{count - len(failed)} of {count} commands of docs/mission.md do what it says")
    return 1 if failed or not count else 0


def main(arguments):
    code = lines()
    if arguments == ["--lines"]:
        return code
    stack = Stack()
    try:
        stack.before_prometheus, stack.once_ready = history, first_alert
        story(stack)
        code = run_all(stack, arguments[0] if arguments else "") or code
        heartbeat(stack)
        return code
    except Missing as why:
        print(f"mission: not run: {why}", file=sys.stderr)
        return 3
    except (AssertionError, subprocess.CalledProcessError) as wrong:
        print(f"mission: {wrong}", file=sys.stderr)
        return 1
    finally:
        stack.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
