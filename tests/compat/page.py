"""The tables of docs/reference/compatibility.md, out of what both commands made of the corpus.

`python -m pytest tests/compat --write-compatibility` writes them into the page; otherwise the page is compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.compat.cases import Outcome
from tests.compat.differences import LET_THROUGH, REFUSED, RUNS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "compatibility.md"
BEGIN, END = "<!-- begin: {} -->\n", "<!-- end: {} -->\n"
Outcomes = Mapping[str, tuple[Outcome, Outcome]]


def tables(outcomes: Outcomes) -> dict[str, str]:
    return {"counts": counts(outcomes), "runs": runs(outcomes), "validate": validation()}


def counts(outcomes: Outcomes) -> str:
    alike = Counter((a.ending, b.code) for case, (a, b) in outcomes.items() if case not in RUNS)
    rows = ((ending, str(code), str(count)) for (ending, code), count in sorted(alike.items()))
    head = f"{len(outcomes)} files: {alike.total()} with the same outcome, {len(RUNS)} that differ.\n\n"
    return head + table(("Chaos Toolkit says", "`gameday run` ends with", "files"), rows)


def runs(outcomes: Outcomes) -> str:
    rows = ((f"`{case}`", *(one.words for one in outcomes[case]), why) for case, why in RUNS.items())
    return table(("file", "`chaos run`", "`gameday run`", "why"), rows)


def validation() -> str:
    rows = [(f"`{case}`", "no journal", "nothing wrong", why) for case, why in LET_THROUGH.items()]
    rows += [(f"`{case}`", "a journal", "refused", why) for case, why in REFUSED.items()]
    return table(("file", "`chaos run`", "`gameday validate`", "why"), rows)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def lines() -> Iterator[str]:
        names = list(head)
        yield f"| {' | '.join(names)} |"
        yield f"|{' --- |' * len(names)}"
        for row in rows:
            yield f"| {' | '.join(row)} |"

    return "\n".join(lines()) + "\n"


def filled(text: str, outcomes: Outcomes) -> str:
    """The page with its tables as they are now."""
    for name, body in tables(outcomes).items():
        before, _, rest = text.partition(BEGIN.format(name))
        _, _, after = rest.partition(END.format(name))
        text = f"{before}{BEGIN.format(name)}{body}{END.format(name)}{after}"
    return text
