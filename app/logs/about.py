"""What lines are about: `with about(run_id=12):` marks every line that this thread logs inside.

Threads do not inherit it, so whoever works on a run in a thread of its own says so where that thread begins.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

_about: ContextVar[Mapping[str, Any]] = ContextVar("gameday_about", default=MappingProxyType({}))


@contextmanager
def about(**words: Any) -> Iterator[None]:
    """Words such as `run_id`, `environment`, `request_id`; None is left out."""
    token = _about.set({**_about.get(), **{name: word for name, word in words.items() if word is not None}})
    try:
        yield
    finally:
        _about.reset(token)


def note_about(record: logging.LogRecord) -> bool:
    """A logging filter that keeps with a line what it is about. It lets everything pass."""
    record.about = dict(_about.get())
    return True
