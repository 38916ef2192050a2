"""Which part of a value moved, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FAR_BEHIND = 0.85  # of the first part: from here down a part is missing
MATCHES = 0.95
Part = tuple[str, float | None]  # label, value


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`reads` is what is seen; `supposes` what that is consistent with. Both empty where nothing stands out."""

    reads: str = ""
    supposes: str = ""


def largest(parts: Sequence[Part]) -> float:
    return max((value for _, value in parts if value), default=0.0)


def moved(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Those that the first part does not account for, the furthest off first; never the first itself.

    What is far above it, such as errors per message; else what is far behind it. Without a value counts as none.
    """
    if not parts or not parts[0][1]:
        return ()
    first, others = parts[0][1], parts[1:]
    above = [part for part in others if FAR_BEHIND * (part[1] or 0) > first]
    if above:
        return tuple(sorted(above, key=lambda part: -(part[1] or 0)))
    behind = [part for part in others if (part[1] or 0) < FAR_BEHIND * first]
    return tuple(sorted(behind, key=lambda part: part[1] or 0))


def explain(parts: Sequence[Part], *, others_within: bool) -> Explanation:
    """Of a value that is outside its tolerance. The first part is what the others are measured by.

    `others_within`: whether every other signal of the hypothesis is within its own.
    """
    off = moved(parts)
    if not off:
        return Explanation()
    reference, first = parts[0][0], parts[0][1] or 0
    label, value = off[0]
    level = [name for name, one in parts[1:] if MATCHES * first <= (one or 0) <= first / MATCHES]
    facts = [f"{level[0]} matches"] if level else []
    facts += ["every other signal is within its tolerance"] if others_within else []
    supposes = f"{', and '.join(facts)}." if facts else ""
    if level and others_within and (value or 0) < first:
        supposes += " Consistent with work that is reported as done before it is."
    return Explanation(
        reads=f"{label} are {round(100 * (value or 0) / first)}\u202f% of {reference}", supposes=supposes
    )
