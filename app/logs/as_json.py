"""One JSON object a line: `at`, `level`, `logger`, `message`, what the line is about, and an exception as fields."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from app.logs.redaction import Hiding

NEXT_TO = {"about", "aside"}  # told in another way


class Json(JsonFormatter):
    def __init__(self, hiding: Hiding) -> None:
        super().__init__(json_ensure_ascii=False)
        self._hiding = hiding
        self._skip_fields |= NEXT_TO

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        log_data["at"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data |= {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        log_data |= getattr(record, "about", {})
        super().add_fields(log_data, record, {k: v for k, v in message_dict.items() if k != "exc_info"})
        if record.exc_info and record.exc_info[0] is not None:
            log_data["exception"] = {
                "type": record.exc_info[0].__name__,
                "message": str(record.exc_info[1]),
                "stack": "".join(traceback.format_exception(*record.exc_info)).rstrip().splitlines(),
            }

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        hidden: dict[str, Any] = self._hiding.anything(log_data)
        return hidden
