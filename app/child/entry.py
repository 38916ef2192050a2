"""Where a child begins: small enough to be named by the server without loading Chaos Toolkit there."""

from __future__ import annotations

from multiprocessing.connection import Connection

from app.child.spec import Spec


def begin(connection: Connection, spec: Spec) -> None:
    from app.child.main import main  # noqa: PLC0415  the fork server has it loaded, the server never does

    main(connection, spec)
