"""CloudWatch queries as values: windows, terms, tolerances, judgements. Pure."""

from app.queries.query import Query, Term
from app.queries.tolerance import Judgement, Tolerance

__all__ = ["Judgement", "Query", "Term", "Tolerance"]
