"""What was in a store before, and whether it could be put back."""

from __future__ import annotations

from typing import Any

from app.aws import Parameter, Parameters
from app.aws.parameters import SECURE
from app.errors import Invalid
from app.faults.entry import Store

VERSIONS_KEPT = 100  # by Parameter Store; a label on the oldest forbids any further write


def previous(before: Parameter | None, holder: str) -> dict[str, Any]:
    """Columns of the ledger: the value, and what else SSM keeps of it."""
    meta: dict[str, Any] = {"holder": holder}
    if before is None:
        return {"previous": None, "previous_meta": meta}
    meta |= {
        "type": before.type,
        "tier": before.tier,
        "data_type": before.data_type,
        "version": before.version,
        "key_id": before.key_id,
        "hosted": before.hosted,
    }
    return {"previous": before.value, "previous_meta": meta}


def restorable(held: Parameters, before: Parameter | None, store: Store, *, secure: bool) -> Parameter | None:
    """`before` itself. `secure`: the functions read SecureStrings. Invalid where a fault could be written and not be taken back."""
    if before is None:
        return None
    if before.type == SECURE and not secure:
        raise Invalid(
            f"{store} is a SecureString, and the functions' library reads plain Strings only. Make it a String."
        )
    if before.policies:
        raise Invalid(
            f"{store} has parameter policies, which a write would take away, and they could not be put back. "
            "Remove them, or use another parameter."
        )
    if before.version >= VERSIONS_KEPT and _is_full(held, store):
        raise Invalid(
            f"{store} has {VERSIONS_KEPT} versions and a label on the oldest, so Parameter Store takes no further "
            "write. Move the label to a newer version first."
        )
    return before


def _is_full(held: Parameters, store: Store) -> bool:
    versions = held.history(store.name)
    return len(versions) >= VERSIONS_KEPT and bool(versions[0].labels)
