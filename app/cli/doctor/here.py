"""Facts of this machine, gathered."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.cli.beside import at_work
from app.cli.doctor import machine
from app.cli.doctor.asking import Look
from app.cli.doctor.finding import Finding
from app.experiments import Catalog
from app.notifications.notifications import usable
from app.notifications.templates import Texts
from app.runs.children import minimal
from app.sandbox.emulator.node import bundled_folder, node_major
from app.settings import Settings

ANSWERS_WITHIN = 12.0  # seconds, less than is waited for all questions
OTHER_TIME = re.compile(r"\bdate\s[^`]*(?:--date|-d)\b")  # `date` for another time than now, which is GNU's


def looks(settings: Settings) -> list[Look]:
    """What is asked of this machine, with that folder and port."""
    questions: Mapping[str, Callable[[], Finding]] = {
        "python": lambda: machine.python(sys.version_info[:3]),
        "chaostoolkit": lambda: machine.toolkit({name: _version(name) for name in machine.TESTED}),
        "aws": _aws,
        "aws-files": lambda: machine.aws_files(unreadable_aws_files(os.environ)),
        "date": lambda: machine.dates(dates_of(settings)),
        "node": _node,
        "data": lambda: machine.space("data", space_of(settings.data)),
        "temporary": lambda: machine.space("temporary", space_of(Path(tempfile.gettempdir()))),
        "database": lambda: machine.database(str(database_of(settings)), trouble_with(database_of(settings))),
        "timezones": lambda: machine.zones(_zones()),
        "browser": lambda: machine.browser(found=_browser()),
    }
    return _asked(questions)


def of_console(settings: Settings) -> list[Look]:
    """What a console of your own needs besides."""
    questions: Mapping[str, Callable[[], Finding]] = {
        "experiments": lambda: _files(settings),
        "port": lambda: machine.port(port_of(settings.host, settings.port, ours=_runs(settings))),
        "links": lambda: machine.links(settings),
    }
    return [*_asked(questions), Look(check="channels", look=lambda: _channels(settings))]


def of_sandbox(settings: Settings, aws_port: int) -> list[Look]:
    """It brings its experiments, and tells nobody; its AWS listens on this machine."""
    ours = bool(at_work(settings.folder))
    ports = {
        "port": port_of(settings.host, settings.port, ours=ours, of="sandbox --port"),
        "aws-port": port_of(settings.host, aws_port, ours=ours, of="sandbox --aws-port", check="aws-port"),
    }
    return _asked({check: partial(machine.port, facts) for check, facts in ports.items()})


def _asked(questions: Mapping[str, Callable[[], Finding]]) -> list[Look]:
    return [Look(check=check, look=_one(question)) for check, question in questions.items()]


def _channels(settings: Settings) -> list[Finding]:
    folder, texts = settings.folder, Texts(settings.folder)
    return [
        machine.channel(one.name, usable(one, folder, os.environ, texts)[1])
        for one in settings.channels.values()
    ]


def _one(question: Callable[[], Finding]) -> Callable[[], Sequence[Finding]]:
    return lambda: (question(),)


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def path_of_runs() -> str:
    """The PATH that a run's processes get."""
    return minimal(os.environ)["PATH"]


def _aws() -> Finding:
    found = shutil.which("aws", path=path_of_runs())
    told = _answer([found, "--version"]) if found else None
    return machine.aws_command(found, told.stdout.split()[0] if told and told.stdout else "")


def unreadable_aws_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Why, by file, of those that are there."""
    names = {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "~/.aws/config"}
    found = {}
    for variable, usual in names.items():
        file = Path(environ.get(variable) or usual).expanduser()
        try:
            file.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            found[str(file)] = error.strerror or str(error)
    return found


def dates_of(settings: Settings) -> machine.Dates:
    found = shutil.which("date", path=path_of_runs())
    told = _answer([found, "--date", "5 min ago", "-u", "+%Y"]) if found else None
    gnu = told is not None and told.returncode == 0 and told.stdout.strip().isdecimal()
    users = [one.id for one in Catalog(settings.experiments).all() if _asks_for_another_time(one.document)]
    return machine.Dates(path=found, gnu=gnu, used_by=tuple(users))


def _asks_for_another_time(document: Any) -> bool:
    return any(OTHER_TIME.search(text) for text in _texts(document))


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        yield from (text for one in document.values() for text in _texts(one))
    elif isinstance(document, list):
        yield from (text for one in document for text in _texts(one))


def _node() -> Finding:
    found = shutil.which("node")
    major = node_major(found) if found else None
    return machine.node(
        found, major, bundled=bundled_folder() is not None, sandbox=find_spec("ministack") is not None
    )


def _files(settings: Settings) -> Finding:
    known = Catalog(settings.experiments).all()
    broken = [one.id for one in known if not one.valid]
    return machine.files(len(known) - len(broken), broken)


def space_of(folder: Path) -> machine.Space:
    """Of the nearest folder that is there: what is made later is made on its disk."""
    there = next(one for one in (folder, *folder.parents) if one.is_dir())
    free = shutil.disk_usage(there).free
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
    except OSError:
        return machine.Space(folder=str(there), free=free, writable=False)
    return machine.Space(folder=str(there), free=free)


def database_of(settings: Settings) -> Path:
    return settings.data / "gameday.sqlite"


def trouble_with(file: Path) -> str:
    """Why no transaction can be begun on it; empty where one can, or where there is none yet."""
    if not file.exists():
        return ""
    try:
        with closing(sqlite3.connect(file, timeout=ANSWERS_WITHIN, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("CREATE TABLE gameday_doctor (looked INTEGER)")
            database.execute("ROLLBACK")
    except sqlite3.Error as error:
        return str(error)
    return ""


def port_of(host: str, number: int, *, ours: bool, **told: str) -> machine.Port:
    """`told`: as `machine.Port` has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            free = True
        except OSError:
            free = False
    return machine.Port(host=host, number=number, free=free, ours=ours, **told)


def _runs(settings: Settings) -> bool:
    """Whether a console holds the folder's lock."""
    try:
        with (settings.data / "console.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _zones() -> str:
    try:
        ZoneInfo("Europe/Berlin")
    except (KeyError, OSError, ValueError) as error:
        return str(error)
    return ""


def _browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _answer(words: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=ANSWERS_WITHIN)
    except (OSError, subprocess.TimeoutExpired):
        return None
