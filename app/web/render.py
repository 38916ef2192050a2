"""Templates: pages, fragments and panels, all out of the same partials."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from jinja2 import Environment as Jinja
from jinja2 import FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from app.console import Console
from app.errors import GamedayError
from app.usage import dollars
from app.web import static, words
from app.web.armed import place
from app.web.boards import Boards
from app.web.guards import credential_of, who
from app.web.panels import Page, Panel, panels

THEMES = ("light", "dark")


class Show:
    """Threads share it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.boards = Boards(lambda page: panels(console, page), self.panel)
        self._jinja = Jinja(
            loader=FileSystemLoader(static.TEMPLATES), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._jinja.filters |= {
            "number": words.number, "span": words.span, "clock": words.clock, "share": words.share,
            "bytes": words.size, "dollars": dollars, "capital": words.capital, "coded": _coded,
        }  # fmt: skip
        self._jinja.globals |= {
            "dom_id": words.dom_id, "plural": words.plural, "ago": words.ago, "asset": static.asset,
            "stylesheets": static.stylesheets, "scripts": static.scripts, "now": console.clock.now,
            "settings": console.settings, "has_sandbox": console.sandbox is not None,
        }  # fmt: skip

    def page(self, request: Request, template: str, page: Page, **context: Any) -> HTMLResponse:
        """A whole page, its panels built now."""
        board = self.boards.board(page, not_before=time.monotonic())
        named = {panel.name: panel for panel in board.panels}
        signals = [panel for panel in board.panels if panel.name.startswith("signal-")]
        return self._answer(
            request, template, page=page, board=board, panels=named, signals=signals,
            panel=lambda name: Markup(board.text(named[name])),  # noqa: S704  a template escaped it
            place=place(self.console, page.environment), person=who(request),
            signed_in=credential_of(request) is not None, **context,
        )  # fmt: skip

    def bare(self, request: Request, template: str, **context: Any) -> HTMLResponse:
        """A page that shows nothing of the console, for whoever is not signed in."""
        return self._answer(request, template, **context)

    def fragment(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        return HTMLResponse(self.text(template, **context), status_code=status)

    def panel(self, panel: Panel) -> str:
        return self.text(panel.template, view=panel.view, name=panel.name)

    def text(self, template: str, **context: Any) -> str:
        return self._jinja.get_template(template).render(**context)

    def error(self, request: Request, template: str, error: GamedayError) -> HTMLResponse:
        """The page of an error; bare where even the armed bar can not be had."""
        if template.endswith("_error.html"):
            return self.fragment(template, status=error.status, error=error)
        if template.endswith("stranger.html"):
            answer = self._answer(request, template, error=error)
            answer.status_code = error.status
            return answer
        environment = self.console.settings.default_environment
        try:
            answer = self.page(request, template, Page(name="error", environment=environment), error=error)
        except Exception:  # noqa: BLE001  whatever broke the page must not break its error, too
            answer = self._answer(request, "errors/bare.html", error=error)
        answer.status_code = error.status
        return answer

    def _answer(self, request: Request, template: str, **context: Any) -> HTMLResponse:
        shell: Mapping[str, Any] = {
            "path": request.url.path,
            "theme": request.cookies.get("theme") if request.cookies.get("theme") in THEMES else "",
        }
        return HTMLResponse(self.text(template, **shell, **context))


def _coded(told: str) -> Markup:
    """What stands between backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(told))))  # noqa: S704  escaped before
