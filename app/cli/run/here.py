"""A run right here, without a console, and as safe: ledger, guardian, deadline, preflight, verdict."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.rooms import TOKEN
from app.cli.run.asked import Asked
from app.errors import Invalid
from app.settings import load, person

if TYPE_CHECKING:
    from app.experiments import Catalog, WithFile
    from app.main import Engine
    from app.runs.run import Run
    from app.settings import Settings

UNPROVEN = "unproven"


@contextmanager
def working(asked: Asked) -> Iterator[Engine]:
    """The rooms and loops that a run needs, in a folder that nobody else works in."""
    from app.main import assemble, only_console, prepare

    children = prepare()  # before the first thread
    settings = load(asked.folder)
    settings.data.mkdir(parents=True, exist_ok=True)
    with only_console(settings):
        engine = assemble(
            settings, children=children, catalog=_catalog(asked, settings), environ=_environ(asked)
        )
        try:
            engine.supervisor.heal()
            engine.guardian.start()
            engine.poller.start()
            engine.aftermath.start()
            yield engine
        finally:
            engine.stop()


def start(engine: Engine, asked: Asked) -> Run:
    """Invalid, Conflict as `Runs.start`. Of a file, as with `chaos run`, nobody asks for every single thing it does."""
    accept = {*asked.accept, UNPROVEN} if asked.is_file else set(asked.accept)
    words = {**asked.body, "accept": sorted(accept)}
    return engine.console.runs.start(asked.source, key=asked.key, by=person(), **words)


def _catalog(asked: Asked, settings: Settings) -> Catalog | WithFile:
    from app.experiments import Catalog, WithFile, open_file

    catalog = Catalog(settings.experiments)
    if not asked.is_file:
        return catalog
    path = Path(asked.source)
    return WithFile(open_file(path.resolve(), name=asked.source, workdir=Path.cwd()), catalog)


def _environ(asked: Asked) -> Mapping[str, str]:
    """Of a file, the caller's own, as `chaos run` hands it on; of a console's experiment, none of it."""
    if not asked.is_file:
        return {}
    own = {name: value for name, value in os.environ.items() if name != TOKEN}
    programs = [
        own.get("PATH", os.defpath),
        sysconfig.get_path("scripts"),
    ]  # `aws` beside this Python at last
    return {**own, "PATH": os.pathsep.join(programs)}


def refuse_unknown(asked: Asked) -> None:
    """Invalid where a path was meant and there is no such file."""
    if not asked.is_file and asked.source.endswith((".json", ".yaml", ".yml")):
        raise Invalid(f"There is no file {asked.source}.")
