"""A query that nobody reads is refused, not passed by: `?wiat=600` is a run that its pipeline does not wait for."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path
from fastapi.routing import APIRoute

from app.errors import Invalid, Problem, together
from app.experiments.misspelt import LONGEST_KEY, nearest

ALIKE = 0.6  # of difflib's ratio: `wiat` is 0.75 like `wait`. What is refused anyway may be guessed at more boldly


def require_known(request: Request) -> None:
    """Invalid where the API is asked something by a name that its route does not declare. Links to pages carry more."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    known = list(dict.fromkeys(_declared(route)))
    odd = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if odd:
        problems = tuple(Problem(message=_sentence(name, known), path=name[:LONGEST_KEY]) for name in odd)
        raise Invalid(together(problems), problems=problems)


def _declared(route: APIRoute) -> Iterator[str]:
    """Fields of a model that a query is read into are no `Query` of their own, and stand here, too."""
    for one in get_flat_params(route.dependant):
        if not isinstance(one.field_info, Path | Header | Cookie):
            yield one.alias


def _sentence(name: str, known: list[str]) -> str:
    there = f"There are: {', '.join(known)}." if known else "There are none here."
    near = nearest(name, known, alike=ALIKE)
    return f"There is no such query parameter. {f'Did you mean {near}? ' if near else ''}{there}"
