"""Many looks at once, none of which is waited for longer than a bound."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from app.cli.doctor.finding import Finding, warning

WITHIN = 15.0  # seconds for all of them: AWS's clients give up before that


@dataclass(frozen=True, kw_only=True)
class Look:
    """One question. Its answer is a finding, several, or None where there is nothing to say."""

    check: str
    about: str = "machine"
    look: Callable[[], Sequence[Finding]]


@dataclass
class _Asked:
    look: Look
    found: Sequence[Finding] = ()
    done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            self.found = self.look.look()
        except Exception as error:  # noqa: BLE001  one question that fails is an answer, too
            self.found = (
                warning(self.look.check, f"It could not be found out: {error}", "See above, or try again."),
            )
        self.done.set()


def answers(looks: Sequence[Look], *, within: float = WITHIN) -> list[Finding]:
    """In the order of the questions. A question without an answer in time is a warning."""
    asked = [_Asked(look) for look in looks]
    for one in asked:
        threading.Thread(target=one.run, name=one.look.check, daemon=True).start()
    until = time.monotonic() + within
    return [
        replace(finding, about=one.look.about)
        for one in asked
        for finding in (
            one.found if one.done.wait(max(0.0, until - time.monotonic())) else _silent(one.look, within)
        )
    ]


def _silent(look: Look, within: float) -> Sequence[Finding]:
    return (warning(look.check, f"No answer within {within:g} s.", "Check the network, and try again."),)
