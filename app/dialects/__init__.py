"""Fault configuration formats, one pure module each: read, write, disarm plan, log patterns."""

from app.dialects.fault import Fault, FaultMode

__all__ = ["Fault", "FaultMode"]
