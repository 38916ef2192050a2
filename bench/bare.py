"""What a forkserver child does at the least: Chaos Toolkit's runner on one file."""

from __future__ import annotations

import logging
import os
from typing import Any

from chaoslib.experiment import run_experiment
from chaoslib.loader import load_experiment


def run_bare(folder: str, file: str) -> Any:
    logging.disable(logging.CRITICAL)
    os.chdir(folder)
    return run_experiment(load_experiment(file))
