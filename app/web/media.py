"""What the API speaks: JSON in and JSON out; streams are events, a run's console log is text, its report a document."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from app.web.errors import Unspoken

SPOKEN = ("application/json", "application/problem+json", "text/event-stream", "text/plain")
# A run as a document, by the end of its address.
DOCUMENTS = {"/report": "text/html", ".html": "text/html", ".md": "text/markdown", ".xml": "application/xml"}
NOT_ACCEPTABLE, UNSUPPORTED = 406, 415


def require_spoken(request: Request) -> None:
    """Unspoken: 415 for a body that is no JSON, 406 where nothing that the API answers is accepted."""
    if not request.url.path.startswith("/api/"):
        return
    sent = request.headers.get("content-type", "")
    if _has_body(request) and not _is_json(sent):
        raise Unspoken(
            f"The body is {sent or 'of no type that was told'}. Send JSON, as Content-Type: application/json.",
            status=UNSUPPORTED,
        )
    accepted = request.headers.get("accept", "*/*")
    spoken = (*SPOKEN, *(kind for ending, kind in DOCUMENTS.items() if request.url.path.endswith(ending)))
    if not any(_accepts(one, spoken) for one in accepted.split(",")):
        raise Unspoken(f"The API answers application/json, not {accepted[:100]}.", status=NOT_ACCEPTABLE)


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _is_json(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _accepts(one: str, spoken: Sequence[str]) -> bool:
    """Whether one range of an Accept header has something that the API answers."""
    kind, *parameters = (part.strip().lower() for part in one.split(";"))
    if any(parameter in ("q=0", "q=0.0", "q=0.00", "q=0.000") for parameter in parameters):
        return False
    main, _, rest = kind.partition("/")
    return any(
        main in ("*", known.partition("/")[0]) and rest in ("*", known.partition("/")[2]) for known in spoken
    )
