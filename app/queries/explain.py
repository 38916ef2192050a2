"""Which part of a value moved, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FAR_BEHIND = 0.85  # of the largest part: from here on a part is missing
MATCHES = 0.95
Part = tuple[str, float | None]  # label, value


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`reads` is what is seen; `supposes` what that is consistent with. Both empty where nothing stands out."""

    reads: str = ""
    supposes: str = ""


def largest(parts: Sequence[Part]) -> float:
    return max((value for _, value in parts if value), default=0.0)


def missing(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Those far behind the largest, the smallest first. A part without a value counts as none of it."""
    most = largest(parts)
    behind = [part for part in parts if (part[1] or 0) < FAR_BEHIND * most]
    return tuple(sorted(behind, key=lambda part: part[1] or 0))


def explain(parts: Sequence[Part], *, others_within: bool) -> Explanation:
    """Of a value that is outside its tolerance. The first part is what the others are measured by.

    `others_within`: whether every other signal of the hypothesis is within its own.
    """
    behind = missing(parts)
    if not behind or not parts[0][1]:
        return Explanation()
    first, most = parts[0], largest(parts)
    label, value = behind[0]
    level = [name for name, one in parts[1:] if (one or 0) >= MATCHES * most]
    facts = [f"{level[0]} matches"] if level else []
    facts += ["every other signal is within its tolerance"] if others_within else []
    supposes = f"{', and '.join(facts)}." if facts else ""
    if level and others_within:
        supposes += " Consistent with work that is reported as done before it is."
    share = round(100 * (value or 0) / first[1]) if first[1] else 0
    return Explanation(reads=f"{label} are {share}\u202f% of {first[0]}", supposes=supposes)
