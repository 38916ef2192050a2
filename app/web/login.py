"""The way in, where the console listens beyond loopback: a one-time link or a token becomes a session."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.access import Access, Need
from app.errors import Invalid
from app.web.answers import SEE_OTHER, answered
from app.web.asked import Form, Shown
from app.web.errors import wants_page
from app.web.guards import SESSION_COOKIE, count_wrong_login, credential_of, needs

routes = APIRouter(include_in_schema=False, dependencies=[needs(Need.NOTHING)])


@routes.get("/login")
def page(request: Request, show: Shown, code: str = "", after: str = "/") -> Response:
    """A form with a button even where the link holds the code: a preview of the link must not spend it."""
    if request.app.state.access is None or credential_of(request) is not None:
        return RedirectResponse(local(after), status_code=SEE_OTHER)
    return show.bare(request, "access/login.html", code=code, after=local(after), refused="")


@routes.post("/login")
def sign_in(request: Request, show: Shown, fields: Form) -> Response:
    access: Access | None = request.app.state.access
    after = local(fields.get("after", "/"))
    if access is None:
        return RedirectResponse(after, status_code=SEE_OTHER)
    try:
        issued = access.sign_in(fields.get("code", ""))
    except Invalid as error:
        count_wrong_login(request)
        return _refused(request, show, error, after)
    answer = RedirectResponse(after, status_code=SEE_OTHER)
    lifetime = issued.credential.expires_at - issued.credential.created_at  # the browser's clock may be off
    answer.set_cookie(
        SESSION_COOKIE, issued.secret, httponly=True, samesite="lax", secure=request.url.scheme == "https",
        max_age=int(lifetime.total_seconds()),
    )  # fmt: skip
    return answer


@routes.post("/logout")
def sign_out(request: Request) -> Response:
    """Revokes the session that was presented; without one it changes nothing."""
    access: Access | None = request.app.state.access
    found = credential_of(request)
    if access is not None and found is not None:
        access.revoke(found.id)
    answer: Response = (
        RedirectResponse("/login", status_code=SEE_OTHER)
        if wants_page(request)
        else answered({"signed_in": False})
    )
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def local(address: str) -> str:
    """An address on this console, whatever a link says."""
    parts = urlsplit(address)
    good = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if good and address.isprintable() else "/"


def _refused(request: Request, show: Shown, error: Invalid, after: str) -> Response:
    if not wants_page(request):
        raise error
    answer: HTMLResponse = show.bare(request, "access/login.html", code="", after=after, refused=str(error))
    answer.status_code = error.status
    return answer
