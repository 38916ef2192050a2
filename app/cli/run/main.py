"""One run from what was asked to an exit code, here or on a console."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.codes import BROKEN, CODES, MISTAKE, REFUSED
from app.cli.run import files
from app.cli.run.asked import Asked
from app.cli.run.follow import Presses, follow
from app.cli.run.shown import Lines, Show, fitted, put, say
from app.cli.run.unplayed import kept_in_sight
from app.cli.run.watched import Watched
from app.errors import Invalid
from app.logs import visible

if TYPE_CHECKING:
    from app.cli.run.here import Here

SETTLED_WITHIN = 60.0  # seconds after the verdict
UNSETTLED = ("requested", "propagating", "settling", "quiet")  # phases of a disarm
SUFFIXES = (".json", ".yaml", ".yml")
SIGNS = {"ok": "✓", "warning": "▲", "refusal": "✕"}


def run_here(asked: Asked) -> int:
    """Right here. The exit code: one a verdict; MISTAKE where Chaos Toolkit refuses the file."""
    _refuse(asked)
    from app.cli.run.here import Here, start, working

    presses = Presses()
    with presses.heard(), working(asked) as engine:
        run = start(engine, asked, presses)
        _begun(asked, f"Run {run.id} of {run.experiment} in {run.environment}.")
        _odd(run.facts.get("findings", ()))
        with kept_in_sight(run.id, f"Next: gameday guardian --once{_folder(asked)}"):
            return _attended(asked, Here(engine, run.id), presses)


def _attended(asked: Asked, here: Here, presses: Presses) -> int:
    show = shown(asked)
    try:
        follow(here, presses, show)
        left = here.cleared(presses.wait, show.tell)
        _settle(asked, here, presses, show)
    finally:
        show.close()
        here.close()
    code = MISTAKE if here.refused() else CODES[str(here.run.verdict)]
    refused, code = code == MISTAKE, _over(asked, here, code)
    if refused:
        for problem in here.file.problems:
            say(f"  {problem}", sys.stderr)
    if left:
        say(f"STILL ARMED: {'; '.join(left)}. Keep trying: gameday guardian{_folder(asked)}", sys.stderr)
    return code


def _folder(asked: Asked) -> str:
    return f" --folder {asked.folder}" if asked.folder != Path.cwd() else ""


def check_here(asked: Asked) -> int:
    """Preflight alone, and nothing starts. 0 where it may start, REFUSED where it would be refused."""
    _refuse(asked)
    _refuse_files(asked)
    from app.cli.run.here import working
    from app.runs.preflight import plain

    with working(asked, alone=False) as engine:
        findings = engine.console.runs.preflight(asked.source, asked.wish)
        return told(asked, [plain(finding) for finding in findings])


def run_there(asked: Asked, server: str) -> int:
    """On a console. The exit code: one a verdict; 0 where nobody waits for it."""
    _refuse(asked, server=server)
    from app.cli.run.asking import Api
    from app.cli.run.there import There, start

    presses, api = Presses(), Api(server)
    with presses.heard():
        run = start(api, asked)
        presses.counting = True
        url = f"{api.server}/runs/{run['id']}"
        _begun(asked, f"Run {run['id']} of {run['experiment']} in {run['environment']}: {url}")
        _odd(run.get("findings", ()))
        if not asked.wait:
            return _left(asked, run, url)
        with kept_in_sight(run["id"], _then(run["id"], api.server)):
            there, show = There(api, run["id"]), shown(asked)
            try:
                follow(there, presses, show)
                _settle(asked, there, presses, show)
            finally:
                show.close()
                there.close()
            code = CODES[
                there.document()["verdict"] or "stopped"
            ]  # none: a second Ctrl-C left it to the console
            return _over(asked, there, code)


def _then(run_id: int, server: str) -> str:
    return (
        f"Next, as soon as the console answers: gameday runs show {run_id} --server {server}; or end everything there: "
        f"gameday stop-all --server {server}. If it is gone for good, on its machine, in its folder: gameday disarm --all"
    )


def check_there(asked: Asked, server: str) -> int:
    """Preflight alone. 0 where it may start, REFUSED where it would be refused."""
    _refuse(asked, server=server)
    _refuse_files(asked)
    from app.cli.run.asking import Api
    from app.cli.run.there import look

    return told(asked, look(Api(server), asked)["findings"])


def _left(asked: Asked, run: Mapping[str, Any], url: str) -> int:
    if asked.output == "json":
        words = {key: run[key] for key in ("id", "experiment", "environment", "status")}
        put(json.dumps({**words, "url": url}, indent=2, ensure_ascii=False))
    return 0


def told(asked: Asked, findings: Sequence[Mapping[str, str]]) -> int:
    """Findings for a person, or for a machine."""
    refused = [one for one in findings if one["level"] == "refusal"]
    accept = sorted({one["accept"] for one in refused if one["accept"]})
    code = REFUSED if refused else 0
    if asked.output == "json":
        document = {"ready": not refused, "accept": accept, "findings": list(findings), "exit_code": code}
        put(json.dumps(document, indent=2, ensure_ascii=False))
        return code
    for one in findings:
        remedy = f" {one['remedy']}" if one["remedy"] and one["level"] != "ok" else ""
        say(f"{SIGNS[one['level']]} {one['sentence']}{remedy}")
    yours = f" Or take it upon yourself: --accept {' --accept '.join(accept)}" if accept else ""
    say(f"It would be refused.{yours}" if refused else "It may start.")
    return code


def shown(asked: Asked) -> Show:
    """The live view where there is a terminal that can draw; else lines, on stderr where stdout is for a machine."""
    from os import environ

    if asked.output == "json":
        return Lines(sys.stderr)
    if not sys.stdout.isatty() or environ.get("TERM", "dumb") == "dumb":
        return Lines(sys.stdout)
    from app.cli.run.view import View

    return View()


def _refuse(asked: Asked, *, server: str = "") -> None:
    """What can be known before anything starts."""
    is_named_file = asked.is_url or asked.source.endswith(SUFFIXES)
    if server and is_named_file and asked.is_file:
        raise Invalid(
            f"A console runs what is in its own experiments/, by its id: the path there without suffix. {asked.source} "
            "is a file: leave --server out, and it is run right here."
        )
    if server and asked.controls:
        raise Invalid(
            "--control-file: controls are Python code, and a console plays none from afar. Name them as `controls` in the "
            "experiment, or in the console's Chaos Toolkit settings; or leave --server out."
        )
    if not server and is_named_file and not asked.is_file:
        raise Invalid(f"There is no file {asked.source}.")
    if not server and not asked.wait:
        raise Invalid("--no-wait needs a console that attends to the run meanwhile: --server URL.")
    if not asked.wait and list(files.wanted(asked)):
        raise Invalid(
            "With --no-wait nothing is left when the run ends: leave --junit, --journal and --report out."
        )
    files.check(asked)


def _refuse_files(asked: Asked) -> None:
    if list(files.wanted(asked)):
        raise Invalid("--check plays nothing: leave --junit, --journal and --report out.")


def _settle(asked: Asked, watched: Watched, presses: Presses, show: Show) -> None:
    """A report says when it was quiet and clean again: wait for that, though not for ever."""
    before, ends, said = presses.count, time.monotonic() + SETTLED_WITHIN, False
    while asked.report and presses.count == before and time.monotonic() < ends:
        faults = (watched.look() or {}).get("faults", ())
        if not any(fault["phase"] in UNSETTLED for fault in faults):
            return
        if not said:
            show.tell(
                f"Waiting until it is seen to be quiet and clean, for the report: at most {SETTLED_WITHIN:g} s. Ctrl-C: no longer."
            )
            said = True
        show.frame(watched.look)
        presses.wait(1.0)


def _begun(asked: Asked, sentence: str) -> None:
    say(sentence, sys.stderr if asked.output == "json" else None)


def _odd(findings: Iterable[Mapping[str, str]]) -> None:
    """What the file says and nobody reads, before it is missed."""
    for one in findings:
        if one["code"] == "unknown-key":
            say(f"{SIGNS['warning']} {one['sentence']}", sys.stderr)


def _over(asked: Asked, watched: Watched, code: int) -> int:
    """The verdict, what became of the faults, and the files that were wanted. The code, BROKEN without one of them."""
    document = watched.document()
    kept = list(files.keep(asked, watched))
    lost = [line for well, line in kept if not well]
    code = BROKEN if lost else code
    for line in lost:
        say(line, sys.stderr)
    if asked.output == "json":
        put(json.dumps({**document, "exit_code": code}, indent=2, ensure_ascii=False))
        return code
    _fit(f"{document['verdict'] or 'rolled back'}: {document['reason'] or 'its verdict is still to come.'}")
    for fault in document["faults"]:
        _fit(f"  {fault['outcome'] or fault['sentence']} Now it is {fault['phase']}.")
    for line in (line for well, line in kept if well):
        say(line)
    return code


def _fit(line: str) -> None:
    """At the terminal's width where there is one; elsewhere a sentence is a line."""
    line = visible(line)
    put(fitted(line, shutil.get_terminal_size().columns) if sys.stdout.isatty() else line)
