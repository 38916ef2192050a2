"""A child, its pipe in the test's hand."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.child.spec import Spec
from app.runs.children import Child, Children, start_fork_server
from tests.waiting import PATIENCE

# What experiments of the tests import: actions, a control, a configuration that is found out at run time.
MODULE = """
import os
import time
from pathlib import Path

from chaoslib.exceptions import ActivityFailed, InterruptExecution


def write(path, text="x"):
    Path(path).write_text(text)
    return text


def dawdle(seconds=60, path=None):
    time.sleep(seconds)
    if path:
        Path(path).write_text("late")


def broken():
    raise ActivityFailed("as it should")


def answer(value=42):
    return value


def modules():
    import sys
    return {"main": getattr(sys.modules["__main__"], "marker", None), "path": sys.path, "cwd": os.getcwd()}


def environ():
    parent = Path(f"/proc/{os.getppid()}/environ").read_text()
    own = Path("/proc/self/environ").read_text()
    return parent + own + repr(dict(os.environ))


def even(value=None):
    return value % 2 == 0


class Seen(list):
    pass


def before_activity_control(context, **kwargs):
    context.setdefault("seen", []).append("before")
    if context["name"] == "forbidden":
        raise InterruptExecution("a control said no")


def after_activity_control(context, state, **kwargs):
    context["seen"].append("after")
"""


@dataclass
class Told:
    """A child and everything that it has said. `answers` decides about each question."""

    child: Child
    folder: Path
    answers: Callable[[dict[str, Any]], dict[str, Any] | None]
    messages: list[dict[str, Any]] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        while True:
            try:
                message = self.child.receive()
            except (EOFError, OSError):
                break
            with self.news:
                self.messages.append(message)
                self.news.notify_all()
            if "ask" in message and (answer := self.answers(message["data"])) is not None:
                self.child.answer(message["ask"], **answer)

    def wait_for(self, kind: str, name: str | None = None) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next(
                (m for m in self.messages if m["kind"] == kind and name in (None, m["data"].get("name"))),
                None,
            )

        with self.news:
            assert self.news.wait_for(found, PATIENCE), (kind, self.kinds)
            message = found()
        assert message is not None
        return message

    def finish(self) -> dict[str, Any] | None:
        assert self.child.join(PATIENCE)
        path = self.folder / "journal.json"
        journal: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
        return journal

    def hang_up(self) -> None:
        """What the child sees when its supervisor is killed. Closing would wait for the reading thread."""
        with socket.socket(fileno=os.dup(self.child.connection.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)

    @property
    def kinds(self) -> list[str]:
        return [message["kind"] for message in self.messages]


@pytest.fixture(scope="session")
def children() -> Children:
    return start_fork_server()


@pytest.fixture
def begin(tmp_path: Path, children: Children) -> Iterator[Callable[..., Told]]:
    begun: list[Told] = []
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pieces.py").write_text(MODULE)

    def run(
        document: Mapping[str, Any] | Path,
        answers: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda _: {"answer": "go"},
        **words: Any,
    ) -> Told:
        folder = tmp_path / "snapshot"
        folder.mkdir(exist_ok=True)
        if isinstance(document, Path):
            file = document
        else:
            file = folder / "experiment.json"
            file.write_text(json.dumps(document))
        environ = {"PYTHONPATH": str(tmp_path / "lib"), **words.pop("environ", {})}
        (tmp_path / "journal.json").unlink(missing_ok=True)
        spec = Spec(
            folder=str(folder), file=file.name, journal=str(tmp_path / "journal.json"),
            console=str(tmp_path / "console.log"), **{"rollback_strategy": "always", **words},
            environ=environ,
        )  # fmt: skip
        told = Told(children.spawn(spec), tmp_path, answers)
        begun.append(told)
        threading.Thread(target=told.listen, daemon=True).start()
        return told

    yield run
    for told in begun:
        told.child.kill()
        told.child.join(5)


def activity(name: str, func: str, kind: str = "action", **more: Any) -> dict[str, Any]:
    arguments = more.pop("arguments", {})
    provider = {"type": "python", "module": "pieces", "func": func, "arguments": arguments}
    return {"type": kind, "name": name, "provider": provider, **more}


@pytest.fixture(name="activity")
def _activity() -> Callable[..., dict[str, Any]]:
    return activity


@pytest.fixture
def experiment() -> Callable[..., dict[str, Any]]:
    def build(*method: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        return {"title": "T", "description": "d", "method": list(method), **more}

    return build
