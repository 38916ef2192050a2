"""The address of a console, as commands take it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import click

SCHEMES = ("http", "https")


class Address(click.ParamType[str]):
    """`http://` is put in front where there is no scheme."""

    name = "URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        url = value if "://" in value else f"http://{value}"
        try:
            parts = urlsplit(url)
            usable = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is none
            usable = False
        if not usable:
            self.fail(
                f"{value} is no address of a console. Write it as http://127.0.0.1:8000, or https://….",
                param,
                ctx,
            )
        return url


ADDRESS = Address()
