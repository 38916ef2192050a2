"""A run as whoever watches it needs it, wherever it is played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Told:
    """One of the run's events; `note` for what is to be said besides."""

    at: datetime
    kind: str
    data: Mapping[str, Any]


class Watched(Protocol):
    def news(self) -> Sequence[Told]:
        """What happened since the last call. GamedayError where nobody can tell any more."""
        ...

    def progress(self) -> Mapping[str, Any] | None:
        """The run as it stood a moment ago, as `app.reports.progress` has it; at once. None: not known yet."""
        ...

    def look(self) -> Mapping[str, Any] | None:
        """The run as it stands now, for as long as that takes to find out."""
        ...

    def close(self) -> None:
        """Look no more."""
        ...

    def over(self) -> bool:
        """Whether it has its verdict."""
        ...

    def roll_back(self, how: str) -> str:
        """End it and disarm, and say what happened. Takes as long as that takes."""
        ...

    def hurry(self) -> str:
        """Skip the wait for rollbacks, never the disarm; what is being done about it."""
        ...

    def document(self) -> dict[str, Any]:
        """What `app.reports.as_json` makes of it."""
        ...

    def kept(self, what: str) -> bytes | None:
        """`journal`, `junit`, or a report by its suffix; None where there is none."""
        ...
