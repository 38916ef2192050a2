"""An experiment at an address, fetched as `chaos run` fetches it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from app.errors import Invalid

TOKEN = "CHAOSTOOLKIT_LOADER_AUTH_BEARER_TOKEN"  # noqa: S105  the name of a variable
SETTINGS = Path(".chaostoolkit", "settings.yaml")  # in the home folder
ACCEPT = "application/json, application/x-yaml"
PATIENCE = 30.0  # seconds
YAML = ("application/x-yaml", "text/yaml")


def fetched(url: str, to: Path) -> Path:
    """The file, in the folder `to`. Invalid where there is none, or it is said to be of another kind."""
    try:
        answer = httpx.get(url, headers=_headers(url), timeout=PATIENCE, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Invalid(f"{url} can not be fetched: {error}.") from error
    if answer.status_code != httpx.codes.OK:
        raise Invalid(f"{url} can not be fetched: the server answered {answer.status_code}.")
    to.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w-]", "_", Path(urlsplit(url).path).stem) or "experiment"
    path = to / f"{stem}{_suffix(url, answer)}"
    path.write_text(answer.text, encoding="utf-8")
    return path


def _suffix(url: str, answer: httpx.Response) -> str:
    kind = answer.headers.get("Content-Type", "")
    if "application/json" in kind:
        return ".json"
    if any(one in kind for one in YAML):
        return ".yaml"
    if "text/plain" in kind:
        return ".json" if _is_json(answer.text) else ".yaml"
    raise Invalid(f"{url} is said to be “{kind}”. An experiment is {ACCEPT}, or plain text.")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _headers(url: str) -> dict[str, str]:
    """Signed by the token of the environment, else as Chaos Toolkit's settings say for that host."""
    headers = {"Accept": ACCEPT}
    if token := os.environ.get(TOKEN, "").strip():
        return {**headers, "Authorization": f"bearer {token}"}
    known = _authorizations().get(urlsplit(url).netloc)
    if isinstance(known, dict):
        return {**headers, "Authorization": f"{known.get('type')} {known.get('value')}"}
    return headers


def _authorizations() -> dict[str, Any]:
    try:
        settings = yaml.safe_load((Path.home() / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    known = settings.get("auths") if isinstance(settings, dict) else None
    return known if isinstance(known, dict) else {}
