"""Samples of what is watched: one batched poller an environment, however many people look."""

from app.metrics.attribution import PAGE
from app.metrics.metrics import Metrics
from app.metrics.poller import Poller
from app.metrics.sample import MET, Reading, Sample

__all__ = ["MET", "PAGE", "Metrics", "Poller", "Reading", "Sample"]
