"""An experiment from an address, fetched as `chaos run` fetches it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from app.errors import Invalid

PATIENCE = 30.0  # seconds
LARGEST = 10 * 1024 * 1024  # bytes
SETTINGS = Path("~/.chaostoolkit/settings.yaml")  # Chaos Toolkit's own
TOKEN = "CHAOSTOOLKIT_LOADER_AUTH_BEARER_TOKEN"  # noqa: S105  the name of a variable
SUFFIXES = {"application/json": ".json", "application/x-yaml": ".yaml", "text/yaml": ".yaml"}


def fetch(url: str, folder: Path) -> Path:
    """The file in that folder. Invalid where there is none, or it is of a kind that Chaos Toolkit does not take."""
    headers = {"Accept": "application/json, application/x-yaml", **_signed(url)}
    try:
        with httpx.stream("GET", url, headers=headers, timeout=PATIENCE, follow_redirects=True) as answer:
            content = _read(answer, url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Invalid(f"{url} can not be fetched: {error}.") from error
    if answer.status_code != httpx.codes.OK:
        raise Invalid(f"{url} can not be fetched: it answers {answer.status_code}.")
    path = folder / f"experiment{_suffix(answer, content, url)}"
    path.write_bytes(content)
    return path


def _read(answer: httpx.Response, url: str) -> bytes:
    """All of it, but never more than may be kept, nor for longer than patience lasts."""
    ends, content = time.monotonic() + PATIENCE, bytearray()
    for part in answer.iter_bytes():
        content += part
        if len(content) > LARGEST:
            raise Invalid(f"{url} is larger than {LARGEST // 1024 // 1024} MB.")
        if time.monotonic() > ends:
            raise Invalid(f"{url} can not be fetched: it takes longer than {PATIENCE:g} s.")
    return bytes(content)


def _suffix(answer: httpx.Response, content: bytes, url: str) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/plain":
        return ".json" if content.lstrip().startswith((b"{", b"[")) else ".yaml"
    if kind not in SUFFIXES:
        raise Invalid(
            f"{url} is {kind or 'of no named type'}; an experiment is {', '.join(SUFFIXES)}, or text/plain."
        )
    return SUFFIXES[kind]


def _signed(url: str) -> Mapping[str, str]:
    """As the variable says, else Chaos Toolkit's settings for that host; none where neither does."""
    if token := os.environ.get(TOKEN, "").strip():
        return {"Authorization": f"bearer {token}"}
    auth = _auths().get(urlsplit(url).netloc)
    return {"Authorization": f"{auth['type']} {auth['value']}"} if auth else {}


def _auths() -> Mapping[str, Any]:
    try:
        settings = yaml.safe_load(SETTINGS.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    found = settings.get("auths") if isinstance(settings, dict) else None
    return found if isinstance(found, dict) else {}
