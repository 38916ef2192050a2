"""The files: read and checked with line numbers; their signals, fault intents and story.

What a file names is never imported here, and nothing that it says is executed.
"""

from app.experiments.catalog import Catalog
from app.experiments.commands import shell_lines
from app.experiments.experiment import Experiment, matching
from app.experiments.intents import FaultIntent, intents_of
from app.experiments.one_file import WithFile, open_file
from app.experiments.reading import Reading, read
from app.experiments.signals import Signal
from app.experiments.snapshot import SnapshotInfo, snapshot
from app.experiments.story import Step

__all__ = [
    "Catalog",
    "Experiment",
    "FaultIntent",
    "Reading",
    "Signal",
    "SnapshotInfo",
    "Step",
    "WithFile",
    "intents_of",
    "matching",
    "open_file",
    "read",
    "shell_lines",
    "snapshot",
]
