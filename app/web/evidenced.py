"""Evidence as a card: from the logs while they can be read, else as the run kept it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.console import Console
from app.evidence import Proof, explain
from app.faults import Entry
from app.runs import Run
from app.web.armed import proof_of


@dataclass(frozen=True, kw_only=True)
class EvidenceCard:
    environment: str
    since: datetime | None = None
    proof: Any | None = None  # a Proof, or its members as the run kept them
    sentence: str = ""
    lines: tuple[Any, ...] = ()
    expensive: tuple[Any, ...] = ()
    invocations: int = 0
    hit: int = 0
    why: str = ""

    @property
    def any(self) -> bool:
        return self.proof is not None


def evidence_card(console: Console, environment: str, run: Run | None) -> EvidenceCard:
    """Of the run's faults; without a run, of what is armed."""
    if run is not None and run.proof is not None:
        return _kept(environment, run)
    entries = console.faults.for_run(str(run.id)) if run else console.faults.active(environment)
    armed = [entry for entry in entries if entry.armed_at]
    for entry in armed[-1:]:
        if (proof := proof_of(console, entry)) is not None:
            return _fresh(environment, entry, proof)
    return EvidenceCard(environment=environment)


def _fresh(environment: str, entry: Entry, proof: Proof) -> EvidenceCard:
    return EvidenceCard(
        environment=environment, since=proof.since, proof=True,
        sentence="" if entry.active else explain(proof, entry.fault, entry.functions, entry.dialect),
        lines=proof.lines[:8], expensive=proof.expensive[:6], invocations=proof.of, hit=proof.hit,
        why="" if proof.can_see else proof.why,
    )  # fmt: skip


def _kept(environment: str, run: Run) -> EvidenceCard:
    kept = dict(run.proof or {})
    return EvidenceCard(
        environment=environment, since=_when(kept.get("since")) or run.started_at, proof=True,
        lines=tuple({**line, "at": _when(line.get("at"))} for line in kept.get("lines", ()))[:8],
        expensive=tuple(kept.get("expensive", ()))[:6],
        invocations=max(kept.get("invocations", 0), kept.get("counted") or 0), hit=int(kept.get("hit", 0)),
        why="" if kept.get("can_see", True) else str(kept.get("why", "")),
    )  # fmt: skip


def _when(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else text
