"""Faults that need no library: settings of AWS that are switched off, and read back as what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.dialects.documents import document, number
from app.dialects.fault import Fault, FaultMode

LIMIT = "ReservedConcurrentExecutions"


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A kind of store whose value is one setting, as its AWS call names it."""

    NAME: str
    mode: FaultMode
    setting: str
    struck_by: object  # the value that is a fault; for a limit, any number

    def parse(self, text: str) -> Fault | None:
        """None: the setting lets everything through, or nothing is known of it."""
        value = (document(text) or {}).get(self.setting)
        if self.mode is FaultMode.CONCURRENCY:
            limit = number(value)
            return None if limit is None else Fault(mode=self.mode, rate=1, limit=int(limit))
        return Fault(mode=self.mode, rate=1) if value == self.struck_by else None


SWITCHED: Mapping[str, Switch] = MappingProxyType(
    {
        switch.NAME: switch
        for switch in (
            Switch(NAME="lambda-concurrency", mode=FaultMode.CONCURRENCY, setting=LIMIT, struck_by=None),
            Switch(NAME="event-source-mapping", mode=FaultMode.MAPPING, setting="Enabled", struck_by=False),
            Switch(NAME="events-rule", mode=FaultMode.RULE, setting="State", struck_by="DISABLED"),
        )
    }
)
