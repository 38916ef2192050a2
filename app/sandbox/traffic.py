"""Traffic for the pipeline: objects in at a steady rate, CSV announcements drained at the other end."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from app.errors import Invalid
from app.sandbox.clients import Clients
from app.sandbox.names import BUCKET, CSV_QUEUE, INCOMING

OBJECTS_A_SECOND = 2.0  # at speed 1
FASTEST = 100.0  # objects a second that one producer can put
MALFORMED_EVERY = 100  # of so many objects one is malformed, and evenly: chance would leave the error band
BEHIND_AT_MOST = 1.0  # seconds to catch up on; after more, what was missed is skipped
KEPT = 300.0  # seconds that objects live; no retry comes later than that
SWEEP = 500  # objects deleted at once; S3 takes a thousand
PAUSE_AFTER_ERROR = 1.0  # seconds
DICE = random.SystemRandom()  # its own: the process's generator may belong to somebody's seed
SYMBOLS = ("AMZN", "GOOG", "MSFT", "NFLX", "ORCL", "SAP")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Since the traffic began."""

    objects_in: int
    malformed_in: int
    csv_out: int
    failed: int  # calls of the traffic itself that the emulator did not answer


class Traffic:
    """Two threads: one puts objects, one drains the CSV queue and sweeps old objects."""

    def __init__(self, clients: Clients, *, rate: float) -> None:
        self._clients = clients
        self._rate = rate
        self._stopping = threading.Event()
        self._changed = threading.Event()
        self._keys: deque[tuple[float, str]] = deque()
        self._objects_in = self._malformed_in = self._csv_out = self._failed = 0
        self._threads = [
            threading.Thread(target=self._loop, args=(step,), name=f"traffic-{name}", daemon=True)
            for name, step in (("in", self._produce()), ("out", self._consume()))
        ]

    @property
    def rate(self) -> float:
        """Objects a second."""
        return self._rate

    def set_rate(self, rate: float) -> None:
        """Zero pauses the traffic. Invalid outside of 0 to FASTEST."""
        if not 0 <= rate <= FASTEST:
            raise Invalid(f"The traffic can be 0 to {FASTEST:g} objects a second, not {rate:g}.")
        self._rate = rate
        self._changed.set()

    def counts(self) -> Counts:
        return Counts(
            objects_in=self._objects_in,
            malformed_in=self._malformed_in,
            csv_out=self._csv_out,
            failed=self._failed,
        )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stopping twice is fine, and so is stopping what never began."""
        self._stopping.set()
        self._changed.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)

    def _loop(self, steps: Iterator[None]) -> None:
        for _ in steps:
            if self._stopping.is_set():
                return

    def _produce(self) -> Iterator[None]:
        due = time.monotonic()
        while True:
            rate = self._rate
            if rate <= 0:
                self._changed.wait()
                self._changed.clear()
                due = time.monotonic()
                yield
                continue
            due = max(due + 1 / rate, time.monotonic() - BEHIND_AT_MOST)
            if self._changed.wait(max(0.0, due - time.monotonic())):
                self._changed.clear()
                due = time.monotonic()
            else:
                self._attempt(self._put)
            yield

    def _consume(self) -> Iterator[None]:
        while True:
            self._attempt(self._drain)
            self._attempt(self._sweep)
            yield

    def _attempt(self, call: Callable[[], None]) -> None:
        try:
            call()
        except (BotoCoreError, ClientError, OSError):
            self._failed += 1  # the emulator is restarting, or gone; a page shows that better than we can
            self._stopping.wait(PAUSE_AFTER_ERROR)

    def _put(self) -> None:
        number = self._objects_in
        malformed = number % MALFORMED_EVERY == MALFORMED_EVERY // 2
        name = uuid.uuid4().hex
        key = f"{INCOMING}{name}.json"
        self._clients("s3").put_object(Bucket=BUCKET, Key=key, Body=body(name, malformed=malformed))
        self._keys.append((time.monotonic(), key))
        self._objects_in += 1
        self._malformed_in += malformed

    def _drain(self) -> None:
        sqs = self._clients("sqs")
        url = queue_url(self._clients, CSV_QUEUE)
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        if not got:
            return
        entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(got)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        keys = [key for message in got for key in announced(message["Body"])]
        self._csv_out += len(keys)
        self._keys.extend((time.monotonic(), key) for key in keys)

    def _sweep(self) -> None:
        old = time.monotonic() - KEPT
        if len(self._keys) < SWEEP or self._keys[SWEEP - 1][0] > old:
            return
        keys = [self._keys.popleft()[1] for _ in range(SWEEP)]
        objects = [{"Key": key} for key in keys]
        self._clients("s3").delete_objects(Bucket=BUCKET, Delete={"Objects": objects, "Quiet": True})


def body(name: str, *, malformed: bool) -> bytes:
    """A share price as a JSON object, or half of one."""
    record = {
        "id": name,
        "symbol": DICE.choice(SYMBOLS),
        "price": round(DICE.uniform(10, 500), 2),
        "volume": DICE.randrange(1, 1000),
        "at": datetime.now(UTC).isoformat(),
    }
    text = json.dumps(record)
    return (text[: len(text) // 2] if malformed else text).encode()


def announced(message: str) -> list[str]:
    """The keys in S3's notification; the test event that S3 sends first names none."""
    return [unquote_plus(record["s3"]["object"]["key"]) for record in json.loads(message).get("Records", ())]


def queue_url(clients: Clients, name: str) -> str:
    return f"{clients.endpoint}/000000000000/{name}"
