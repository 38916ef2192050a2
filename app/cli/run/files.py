"""The files that a run leaves where the caller wants them: known to be writable before anything starts."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from app.cli.run.asked import Asked
from app.cli.run.watched import Watched
from app.errors import Invalid

REPORTS = (".html", ".md", ".json")


def wanted(asked: Asked) -> Iterator[tuple[str, Path]]:
    """What is to be kept, by the name that `Watched.kept` knows it by, and where."""
    if asked.journal:
        yield "journal", asked.journal
    if asked.junit:
        yield "junit", asked.junit
    if asked.report:
        yield asked.report.suffix, asked.report


def check(asked: Asked) -> None:
    """Invalid where one of them can not be written, or is of no known form."""
    if asked.report and asked.report.suffix not in REPORTS:
        raise Invalid(f"--report {asked.report}: a report is {', '.join(REPORTS)}, by the file's suffix.")
    taken = {Path(asked.source).resolve(): "the experiment"} if asked.is_file and not asked.is_url else {}
    for what, path in wanted(asked):
        if why := _taken(path, taken) or _unwritable(path):
            raise Invalid(f"--{what if what in ('journal', 'junit') else 'report'} {path}: {why}.")


def keep(asked: Asked, watched: Watched) -> Iterator[tuple[bool, str]]:
    """Write them, and say of each whether all went well and where it is. One that fails takes no other with it."""
    for what, path in wanted(asked):
        try:
            content = watched.kept(what)
            if content is not None:
                write(path, content)
        except Exception as error:  # noqa: BLE001  whatever it is, the run is over and its verdict is to be told
            yield False, f"NOT WRITTEN: {path}: {type(error).__name__}: {error}"
            continue
        yield True, f"There is no {what} to be written to {path}." if content is None else f"Written: {path}"


def write(path: Path, content: bytes) -> None:
    """Whole or not at all; into a device or a pipe as it is."""
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:  # never into what somebody else has put there
            file.write(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _taken(path: Path, taken: dict[Path, str]) -> str:
    """Why it would overwrite another one; empty where it does not. A device, such as /dev/stdout, takes any number."""
    if path.exists() and not path.is_file():
        return ""
    real = path.resolve()
    if real in taken:
        return f"that is {taken[real]}"
    taken[real] = "another file that this run is to write"
    return ""


def _unwritable(path: Path) -> str:
    """Why it can not be written; empty where it can."""
    if path.is_dir():
        return "that is a folder"
    if path.exists() and not path.is_file():
        return "" if os.access(path, os.W_OK) else "it may not be written"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.touch(exist_ok=False)  # by a name as long as the one that `write` uses
        temporary.unlink()
    except OSError as error:
        return f"{path} can not be written ({error.strerror})"
    return ""
