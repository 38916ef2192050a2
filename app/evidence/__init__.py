"""Did the fault fire: interceptions, expensive invocations, one request's lines."""

from app.evidence.collector import Collector
from app.evidence.evidence import Evidence
from app.evidence.proof import Invocation, Line, Proof
from app.evidence.words import Explanation, explain, explained, unseen

__all__ = [
    "Collector",
    "Evidence",
    "Explanation",
    "Invocation",
    "Line",
    "Proof",
    "explain",
    "explained",
    "unseen",
]
