"""Imported by the fork server first, and by nobody else: what is sent to the console's whole group is not for it.

A terminal that closes and a pipeline that is cancelled signal the group. The console ends its runs in order then; a fork
server that died of it could no longer say how its children fare, and they would be taken for dead.
"""

from __future__ import annotations

import contextlib
import os

with contextlib.suppress(PermissionError):  # it leads a group already
    os.setsid()
