"""Files of variables, read by Chaos Toolkit itself: `chaos run --var-file`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chaoslib import merge_vars


def merged(files: Sequence[str], variables: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration, over which `variables` go, and secrets. What a .env file has is set in this process's environment.

    Raises whatever Chaos Toolkit does of a file that it can not read as what its suffix says.
    """
    configuration, secrets = merge_vars(dict(variables), list(files))
    return configuration, secrets
