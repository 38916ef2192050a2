"""Our stylesheets and scripts: addresses that change with their content, kept for ever by browsers."""

from __future__ import annotations

import hashlib
from functools import cache
from http import HTTPStatus

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.errors import SettingsError
from app.shipped import shipped

FOLDER = shipped("static")
TEMPLATES = shipped("templates")
VENDOR = ("htmx.js", "hx-sse.js", "uPlot.js", "uPlot.css")
FOR_EVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """With an ETag; immutable where the address carries the version of the content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        version = f"v={version_of(path)}".encode() if answer.status_code < HTTPStatus.BAD_REQUEST else b""
        answer.headers["Cache-Control"] = (
            FOR_EVER if version and scope["query_string"] == version else "no-cache"
        )
        return answer


def asset(path: str) -> str:
    """`/static/css/base.css?v=1a2b3c4d`"""
    return f"/static/{path}?v={version_of(path)}"


def version_of(path: str) -> str:
    file = FOLDER / path
    return _version(path, file.stat().st_mtime_ns) if file.is_file() else "missing"


@cache
def _version(path: str, _mtime: int) -> str:
    return hashlib.sha256((FOLDER / path).read_bytes()).hexdigest()[:10]


def require_vendor() -> None:
    """SettingsError where the third-party files were never fetched: pages would be dead without a word."""
    missing = [name for name in VENDOR if not (FOLDER / "vendor" / name).is_file()]
    if missing:
        raise SettingsError(
            f"static/vendor lacks {', '.join(missing)}. Fill it with `python hatch_build.py` in the checkout, "
            "or install the package again."
        )


def stylesheets() -> list[str]:
    """Those of the whole first, then one a component."""
    first = [f"css/{name}.css" for name in ("tokens", "base", "layout")]
    parts = sorted(f"css/components/{file.name}" for file in (FOLDER / "css" / "components").glob("*.css"))
    return ["vendor/uPlot.css", *first, *parts]


def scripts() -> list[str]:
    return sorted(f"js/{file.name}" for file in (FOLDER / "js").glob("*.js"))
