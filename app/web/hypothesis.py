"""The hypothesis in one paragraph: each signal's tolerance, what it says now, and whether that would pass. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.queries import Judgement
from app.web.cards import SignalCard

SILENT = (Judgement.NO_DATA, Judgement.STALE)


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    signals: tuple[SignalCard, ...]  # in the order of the file

    @property
    def outside(self) -> bool:
        return any(card.outside for card in self.signals)

    @property
    def would(self) -> str:
        """What a look at it would come to now, as far as anybody knows."""
        if self.outside:
            return f"would not pass: {_names(card for card in self.signals if card.outside)}"
        runs = _names(card for card in self.signals if _of_runs(card))
        silent = _names(card for card in self.signals if not _of_runs(card) and card.judgement in SILENT)
        why = [f"there is no fresh data for {silent}"] if silent else []
        why += [f"only a run can tell for {runs}"] if runs else []
        return " and ".join(why) or "would pass"

    @staticmethod
    def now(card: SignalCard) -> str:
        """What one of them says now; empty where nobody but runs looks."""
        if card.query is None:
            return ""
        if card.judgement is Judgement.NO_DATA:
            return "no data"
        return f"{'last' if card.judgement is Judgement.STALE else 'now'} {card.text}"


def hypothesis(cards: Sequence[SignalCard], keys: Sequence[str]) -> Hypothesis:
    """`keys`: of the signals, in the order of the file."""
    return Hypothesis(signals=tuple(sorted(cards, key=lambda card: keys.index(card.key))))


def _of_runs(card: SignalCard) -> bool:
    return card.query is None or card.judgement is None


def _names(cards: Iterable[SignalCard]) -> str:
    return ", ".join(card.name for card in cards)
