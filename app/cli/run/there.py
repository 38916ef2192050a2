"""A run on a console, followed from afar: through lost connections, and through a restart of the console."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

import httpx

from app.cli.codes import Lost
from app.cli.rooms import signed
from app.cli.run.asked import Asked
from app.cli.run.asking import Api, Away, Unclear
from app.cli.run.refreshed import Refreshed
from app.cli.run.watched import Told
from app.errors import GamedayError, NotFound, Unavailable

STARTED_WITHIN = 60.0  # seconds of tries to start, with one key
GIVEN_UP_AFTER = 300.0  # seconds without an answer
ROLLED_BACK_WITHIN = 120.0  # seconds of tries; the rollback itself may take a minute of them
SILENCE = 40.0  # seconds: a stream says something every fifteen
LOOK_EVERY = 1.0  # seconds between two looks at the progress
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
AGAIN_AFTER = 1.0  # seconds between two tries to connect


def start(api: Api, asked: Asked) -> dict[str, Any]:
    """The started run. Asked again with the same key, so that a lost answer is not a second run.

    Lost where it may have been started, and nobody can tell.
    """
    key = asked.key or secrets.token_hex(16)
    path = f"/experiments/{asked.source}/run"
    query = {"queue": "true"} if asked.queue else {}
    given: dict[str, Any] = {"json": asked.body, "headers": {"Idempotency-Key": key}, "params": query}
    try:
        run = _at_once(api, path, given)
        if run is None:
            run = api.patiently("POST", path, seconds=STARTED_WITHIN, **given)
    except KeyboardInterrupt:
        raise _unknown("Interrupted before the console had answered.", api, key) from None
    except Unclear as error:
        raise _unknown(str(error.details.get("said") or error), api, key) from error
    return run


def _at_once(api: Api, path: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where asking again may bring an answer."""
    try:
        run: dict[str, Any] = api.json("POST", path, **given)
    except Away as error:
        if isinstance(error.__cause__, NOT_SENT):
            raise Unavailable(str(error)) from error  # nothing can have been started
    except Unavailable as error:
        if "after" not in error.details:
            raise
    else:
        return run
    return None


def _unknown(why: str, api: Api, key: str) -> Lost:
    return Lost(
        f"{why} Whether the run began is not known: A FAULT MAY BE ARMED. Next: the same command with --key {key}, which "
        f"finds that run and begins no second one; or look: gameday runs list --server {api.server}"
    )


def look(api: Api, asked: Asked) -> dict[str, Any]:
    """What preflight finds of such a run. A plain one may be looked at by whoever may not start it, too."""
    path = f"/api/experiments/{asked.source}/preflight"
    query = {"queue": "true"} if asked.queue else {}
    is_plain = not query and asked.body.keys() <= {"environment"}
    given: dict[str, Any] = {"params": asked.body} if is_plain else {"json": asked.body, "params": query}
    found: dict[str, Any] = api.json("GET" if is_plain else "POST", path, **given)
    return found


class There:
    """A run on a console, to be watched. A thread of its own reads the events."""

    def __init__(self, api: Api, run_id: int) -> None:
        self._api = api
        self._id = run_id
        self._queue: SimpleQueue[Told] = SimpleQueue()
        self._over = threading.Event()
        self._left = False  # a second Ctrl-C: the console goes on alone
        self._broken: GamedayError | None = None
        self._refreshed = Refreshed(self.look, seconds=LOOK_EVERY)
        self._seen = 0
        self._lost: float | None = None  # since when nobody answers
        threading.Thread(target=self._follow, name="events", daemon=True).start()

    def news(self) -> Sequence[Told]:
        found = []
        while True:
            try:
                found.append(self._queue.get_nowait())
            except Empty:
                break
        if self._broken is not None and not found:
            raise self._broken
        return found

    def progress(self) -> Mapping[str, Any] | None:
        return self._refreshed.newest()

    def look(self) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._api.json("GET", f"/api/runs/{self._id}/progress")
        except GamedayError:  # it is said where the events are read
            return None
        return found

    def close(self) -> None:
        self._refreshed.close()

    def over(self) -> bool:
        return self._over.is_set() or self._left

    def roll_back(self, how: str) -> str:
        del how
        path = f"/runs/{self._id}/rollback"
        try:
            done = self._api.patiently("POST", path, seconds=ROLLED_BACK_WITHIN, timeout=ROLLED_BACK_WITHIN)
        except Unavailable as error:
            why = error.details.get("said") or error
            raise Unavailable(f"The rollback was not confirmed: {why}") from error
        return str(done["sentence"])

    def hurry(self) -> str:
        """Leave the console to it, once nothing of the run may fire any more."""
        if self.armed():
            return "Not disarmed yet: the console is at it. Waiting for that is not skipped."
        self._left = True
        return (
            f"Nothing of it is armed. The console ends the run by itself: {self._api.server}/runs/{self._id}"
        )

    def armed(self) -> bool:
        told = self._api.patiently("GET", f"/api/runs/{self._id}/progress", seconds=ROLLED_BACK_WITHIN)
        return any(fault["armed"] for fault in told["faults"])

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = self._api.patiently(
            "GET", f"/api/runs/{self._id}/report.json", seconds=STARTED_WITHIN
        )
        return found

    def kept(self, what: str) -> bytes | None:
        path = {"journal": "journal", "junit": "junit.xml"}.get(what, f"report{what}")
        try:
            return self._api.bytes("GET", f"/api/runs/{self._id}/{path}").content
        except NotFound:
            return None

    # --- the thread -------------------------------------------------------------------------------------

    def _follow(self) -> None:
        while not self._over.is_set() and self._broken is None:
            try:
                for told in self._stream():
                    self._hear(told)
                self._look_whether_over()
            except (httpx.TransportError, Unavailable) as error:
                why = error.__cause__ if isinstance(error, Away) and error.__cause__ else error
                self._lose(str(why) or type(why).__name__)
            except GamedayError as error:
                self._broken = error
            if not self._over.is_set():
                time.sleep(AGAIN_AFTER)

    def _lose(self, why: str) -> None:
        now = time.monotonic()
        if self._lost is None:
            self._lost = now
            self._say(f"{self._api.server} does not answer ({why}). The run may go on there; trying again …")
        if now - self._lost > GIVEN_UP_AFTER:
            self._broken = self._gone()

    def _stream(self) -> Iterator[Told | None]:
        """Events after those that were seen; None when the console has just answered."""
        headers = {**signed(), "Accept": "text/event-stream", "Last-Event-ID": str(self._seen)}
        timeout = httpx.Timeout(10, read=SILENCE)
        path = f"{self._api.server}/api/runs/{self._id}/events"
        with httpx.stream("GET", path, headers=headers, timeout=timeout) as answer:
            if answer.is_error:
                answer.read()
                self._api.json("GET", f"/api/runs/{self._id}")  # says why
                return
            yield None
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    event = json.loads(line[len("data:") :])
                    self._seen = event["seq"]
                    yield _told(event)

    def _hear(self, told: Told | None) -> None:
        if self._lost is not None:
            self._lost = None
            self._say(f"{self._api.server} answers again.")
        if told is None:
            return
        self._queue.put(told)
        if told.kind == "verdict":
            self._over.set()

    def _look_whether_over(self) -> None:
        if self._api.json("GET", f"/api/runs/{self._id}")["verdict"] is not None:
            self._over.set()

    def _say(self, words: str) -> None:
        self._queue.put(Told(at=datetime.now(UTC), kind="note", data={"text": words}))

    def _gone(self) -> Unavailable:
        return Unavailable(f"{self._api.server} has not answered for {GIVEN_UP_AFTER:g} s.")


def _told(event: Mapping[str, Any]) -> Told:
    return Told(at=datetime.fromisoformat(event["at"]), kind=event["kind"], data=event["data"])
