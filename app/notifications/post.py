"""Hands a message to a receiver: our own signed webhooks, and everything else through apprise."""

from __future__ import annotations

import binascii
import json
import logging
import ssl
from datetime import datetime
from functools import cache
from typing import Any

from app.notifications.message import Message
from app.notifications.target import NotSent, Target

PATIENCE = 10.0  # seconds for each of connecting, sending and the answer
logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines hold whole addresses
APPRISE = logging.getLogger("apprise")
APPRISE.propagate = False  # its lines may hold addresses: what they say is kept with the delivery, redacted
APPRISE.addHandler(logging.NullHandler())
APPRISE.setLevel(logging.WARNING)


def send(target: Target, message: Message, *, now: datetime) -> None:
    """At most some tens of seconds. NotSent, with a sentence that may still hold secrets: redact it."""
    (_signed if target.signed else _by_apprise)(target, message, now)


def _signed(target: Target, message: Message, now: datetime) -> None:
    """Standard Webhooks: id, timestamp and signature as headers. A redirect would take a secret elsewhere."""
    import httpx  # noqa: PLC0415  commands that end faults need to start fast, and send nothing
    from standardwebhooks.webhooks import Webhook  # noqa: PLC0415  the same

    body = json.dumps(message.payload, ensure_ascii=False)
    try:
        signature = Webhook(target.secret).sign(message.key, now, body)
    except (binascii.Error, ValueError, RuntimeError) as error:
        raise NotSent("The secret is no key: write base64, with or without whsec_ before it.") from error
    headers = {
        "content-type": "application/json", "user-agent": "gameday", "webhook-id": message.key,
        "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature,
    }  # fmt: skip
    try:
        with httpx.stream(
            "POST", target.address, content=body.encode(), headers=headers, timeout=PATIENCE,
            follow_redirects=False, verify=_authorities(),
        ) as answer:  # fmt: skip
            pass  # its body is nobody's business, and may have no end
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"The receiver did not answer: {type(error).__name__}: {error}") from error
    if answer.is_redirect:
        raise NotSent(f"The receiver answered {answer.status_code}: redirects are not followed.")
    if not answer.is_success:
        raise NotSent(f"The receiver answered {answer.status_code} {answer.reason_phrase}.")


@cache
def _authorities() -> ssl.SSLContext:
    """Read once: it takes longer than everything else about a webhook."""
    import httpx  # noqa: PLC0415

    return httpx.create_ssl_context()


def _by_apprise(target: Target, message: Message, now: datetime) -> None:
    del now
    apprise, service = _apprise(), instantiate(target.address)
    if service is None:
        raise NotSent("apprise does not take the address: see its page on this service.")
    sender = apprise.Apprise(asset=service.asset)
    sender.add(service)
    result = sender.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT)
    if not result:
        said = " ".join(entry.message for entry in result.logs())
        raise NotSent(said or "apprise could not deliver it, and did not say why.")


def instantiate(address: str) -> Any:
    """Apprise's service of an address; None where there is none. Redirects are not followed."""
    apprise = _apprise()
    asset = apprise.AppriseAsset(
        app_id="Game day",
        app_desc="Game day",
        app_url="",
        async_mode=False,
        http_redirects=False,
        service_timeout=0,  # else one pool of threads serves all channels, and holds up the end of the process
    )
    return apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)


def _apprise() -> Any:
    """Loaded at its first use: it takes most of a second, and most consoles have no channel."""
    import apprise  # noqa: PLC0415

    return apprise
