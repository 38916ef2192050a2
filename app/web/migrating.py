"""An experiment in another dialect: side by side, and written only when told to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.access import Need
from app.dialects import DIALECTS
from app.errors import Conflict
from app.experiments.migration import Migration, migrate, write
from app.web import shapes
from app.web.answers import SEE_OTHER, answered
from app.web.asked import Form, Place, Rooms, Shown
from app.web.etags import IfMatch, etag_of, require_match
from app.web.guards import needs
from app.web.panels import Page

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/experiments", tags=["experiments"])
changing = APIRouter(include_in_schema=False, dependencies=[needs(Need.EDIT)])
WRITTEN = tuple(name for name in DIALECTS if name != "chaos_lambda/0.1")  # that one is read only
To = Annotated[str, Query(alias="to")]


class Wanted(BaseModel):
    """What an experiment is to become; `write` false shows it only."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: str
    write: bool = False


@pages.get("/experiments/{experiment_id:path}/migrate")
def page(  # noqa: PLR0917  FastAPI passes them by name
    request: Request, experiment_id: str, console: Rooms, place: Place, show: Shown, to: To = WRITTEN[1]
) -> HTMLResponse:
    experiment = console.catalog.load(experiment_id)
    found = _migration(console, experiment_id, to)
    page = Page(name="experiments", environment=place.name)
    return show.page(
        request, "experiments/migrate.html", page, experiment=experiment, migration=found, dialects=WRITTEN
    )


@api.post(
    "/{experiment_id:path}/migrate",
    dependencies=[needs(Need.EDIT)],
    response_model=shapes.Migration,
    responses={428: {}},
)
def by_api(
    request: Request, experiment_id: str, wanted: Wanted, console: Rooms, if_match: IfMatch = None
) -> JSONResponse:
    """The file in another dialect: `before`, `after`, `diff`. 422 where a fault can not be said in it.

    To write it takes the file's ETag, which reading it or showing the difference gives, as If-Match: 428 without,
    412 where somebody has changed the file since.
    """
    del if_match  # described by it; read by `require_match`
    found = _migration(console, experiment_id, wanted.to)
    if wanted.write:
        require_match(request, etag_of(found.before))
        _write(console, experiment_id, found)
    answer = answered(
        {
            "file": found.file, "dialect": found.dialect, "changed": list(found.changed), "written": wanted.write,
            "before": found.before, "after": found.after, "diff": found.unified,
        }
    )  # fmt: skip
    answer.headers["ETag"] = etag_of(found.after if wanted.write else found.before)
    return answer


@changing.post("/experiments/{experiment_id:path}/migrate")
def by_form(experiment_id: str, fields: Form, console: Rooms) -> Response:
    """Write what was shown. 409 where the file has changed since."""
    found = _migration(console, experiment_id, fields.get("to", ""))
    if fields.get("sha256") != found.sha256:  # whoever edits the file at the same time loses nothing
        raise Conflict(f"{found.file} has changed since it was shown. Look at the difference again.")
    _write(console, experiment_id, found)
    return RedirectResponse(f"/experiments/{experiment_id}", status_code=SEE_OTHER)


def _migration(console: Rooms, experiment_id: str, dialect: str) -> Migration:
    experiment: Any = console.catalog.load(experiment_id)
    return migrate(experiment.path, str(experiment.file), dialect)


def _write(console: Rooms, experiment_id: str, found: Migration) -> None:
    write(console.catalog.load(experiment_id).path, found)
