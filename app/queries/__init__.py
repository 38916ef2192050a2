"""CloudWatch queries as values: windows, terms, tolerances, judgements. Pure."""

from app.queries.query import Fold, Query, Term
from app.queries.tolerance import Judgement, Tolerance

__all__ = ["Fold", "Judgement", "Query", "Term", "Tolerance"]
