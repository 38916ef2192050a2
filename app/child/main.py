"""One experiment, from its file to its journal, as `chaos run` does it."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import boto3  # noqa: F401  loaded once, in the fork server
import chaosaws  # noqa: F401
from chaoslib.control import load_global_controls
from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.loader import load_experiment
from chaoslib.settings import CHAOSTOOLKIT_CONFIG_PATH, load_settings
from chaoslib.types import Dry, Schedule
from chaostoolkit import encoder
from chaostoolkit.check import check_hypothesis_strategy_spelling

from app.child import decoding
from app.child.asking import Asking
from app.child.brake import Brake
from app.child.redacting import RedactedStream, Redacting, RedactingFormatter
from app.child.reporter import Reporter
from app.child.spec import Spec
from app.child.wire import Wire

LOGGER = logging.getLogger("chaostoolkit")


def main(connection: Connection, spec: Spec) -> None:
    """Run in a process of its own. Ends with the message `ended`, whatever happened before."""
    redacting = Redacting()
    redacting.install()
    settle_in(spec, redacting)
    brake = Brake()
    brake.install()
    wire = Wire(
        connection,
        lost=lambda: orphaned(brake, spec.grace),
        hide=redacting.hidden,
        answer_within=spec.answer_within,
    )
    wire.start()
    wire.tell("hello", pid=os.getpid())
    outcome: dict[str, Any] = {"journal": False, "problem": None}
    try:
        outcome = execute(spec, wire, brake)
    except SystemExit:
        outcome["problem"] = "it was stopped before Chaos Toolkit had begun"
    except ChaosException as error:
        outcome["problem"] = str(error) or repr(error)
        LOGGER.error(outcome["problem"])  # noqa: TRY400  as `chaos run` says it
    except BaseException as error:
        outcome["problem"] = f"{type(error).__name__}: {error}"
        LOGGER.exception("The run broke")
    finally:
        brake.close()
        wire.tell("ended", **outcome)
        wire.close()


def settle_in(spec: Spec, redacting: Redacting) -> None:
    """Become what `chaos run` in the experiment's folder would be."""
    os.setsid()  # a group of its own: `aws` grandchildren end with it, a terminal's Ctrl-C does not reach it
    os.environ.update(spec.environ)
    console = os.open(spec.console, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (console, 1), (console, 2)):
        os.dup2(source, target)
    os.close(console)
    os.close(null)
    sys.stdout, sys.stderr = RedactedStream(1, redacting), RedactedStream(2, redacting)
    left = {"", str(Path.cwd())}
    os.chdir(spec.folder)
    own = [entry for entry in spec.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = own + [entry for entry in sys.path if entry not in left | {spec.folder}]
    log_to_console(redacting)


def log_to_console(redacting: Redacting) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(redacting))
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


def execute(spec: Spec, wire: Wire, brake: Brake) -> dict[str, Any]:
    settings = load_settings(spec.settings or CHAOSTOOLKIT_CONFIG_PATH) or {}
    load_controls(settings, spec)
    experiment = load_experiment(spec.file, settings)
    ensure_experiment_is_valid(experiment)
    experiment["dry"] = Dry.from_string(spec.dry)
    hypothesis = merge_runtime(settings, experiment, spec.rollback_strategy)
    asking = Asking(wire, brake, speed=spec.speed)
    asking.install()
    decoding.install()
    journal = run_experiment(
        experiment,
        settings=settings,
        strategy=check_hypothesis_strategy_spelling(hypothesis),
        schedule=schedule_of(spec),
        experiment_vars=(dict(spec.variables), dict(spec.secrets)),
        event_handlers=[Reporter(wire, asking)],
    )
    journal["experiment"]["dry"] = spec.dry
    write_journal(Path(spec.journal), journal)
    return {
        "journal": True,
        "problem": None,
        "status": journal["status"],
        "deviated": journal["deviated"],
        "start": journal["start"],
        "end": journal["end"],
    }


def load_controls(settings: dict[str, Any], spec: Spec) -> None:
    """`chaos run` goes on without files in which a control is no object, too: it takes the library for an old one."""
    try:
        load_global_controls(settings, list(spec.controls))
    except TypeError as error:
        LOGGER.warning("The control files are ignored: %s", error)
        load_global_controls(settings)


def schedule_of(spec: Spec) -> Schedule:
    """As `chaos run --hypothesis-frequency --fail-fast` makes it; compressed time compresses the frequency, too."""
    frequency = (
        {} if spec.frequency is None else {"continuous_hypothesis_frequency": spec.frequency / spec.speed}
    )
    return Schedule(**frequency, fail_fast=spec.fail_fast)


def merge_runtime(settings: dict[str, Any], experiment: dict[str, Any], rollback_strategy: str | None) -> str:
    """Put the strategies where the runner reads them, by `chaos run`'s precedence. Returns the hypothesis's."""
    runtime = settings.setdefault("runtime", {})
    own = experiment.get("runtime") or {}
    for kind in ("rollbacks", "hypothesis"):
        chosen = runtime.setdefault(kind, {})
        chosen.setdefault("strategy", "default")
        if own:
            chosen["strategy"] = own.get(kind, {}).get("strategy", "default")
    if rollback_strategy:
        runtime["rollbacks"]["strategy"] = rollback_strategy
    strategy: str = runtime["hypothesis"]["strategy"]
    return strategy


def write_journal(path: Path, journal: dict[str, Any]) -> None:
    """Whole or not at all, even if the power goes."""
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)  # an activity may have left a FIFO, or a link, there
    with temporary.open("x", encoding="utf-8") as file:
        json.dump(journal, file, indent=2, ensure_ascii=False, default=encoder)
        file.flush()
        if os.environ.get("CRASH_IN_CHILD_AT") == "journal-written":  # its tests set it; nobody else can
            os.kill(os.getpid(), signal.SIGKILL)
        os.fsync(file.fileno())
    temporary.replace(path)


def orphaned(brake: Brake, grace: float) -> None:
    """The supervisor is gone: end the experiment, and after `grace` seconds everything it started."""
    brake.pull()

    def kill() -> None:
        time.sleep(grace)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=kill, name="orphan", daemon=True).start()
