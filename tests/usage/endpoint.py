"""An endpoint that boto3 takes for CloudWatch and its logs. It counts what it is asked for, by itself."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

DENIED = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not here</Message></Error></ErrorResponse>"


@dataclass
class Endpoint:
    """`throttle`: so many of the next requests are refused."""

    host: str = "127.0.0.1"
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # operation, body
    throttle: int = 0
    lines: tuple[str, ...] = ("START", "Intercepted ü")  # of every log
    search: int = 3  # metrics that a SEARCH finds

    def start(self) -> Endpoint:
        self.server = ThreadingHTTPServer((self.host, 0), type("Asking", (Handler,), {"endpoint": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.server.server_port}"

    @property
    def calls(self) -> Counter[str]:
        return Counter(operation for operation, _ in self.asked)

    def of_metrics(self) -> list[dict[str, Any]]:
        """The bodies of every GetMetricData."""
        return [body for operation, body in self.asked if operation == "GetMetricData"]

    def answer(self, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append((operation, body))
        if self.throttle > 0 and operation in ("GetMetricData", "FilterLogEvents", "DescribeAlarms"):
            self.throttle -= 1
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        answers = {
            "GetMetricData": self._data,
            "FilterLogEvents": self._log,
            "GetQueryResults": self._insights,
        }
        return 200, answers[operation](body) if operation in answers else {}

    def _data(self, body: dict[str, Any]) -> dict[str, Any]:
        at = time.time() // 60 * 60 - 60
        rows = [
            {"Id": entry["Id"], "Label": "x", "Timestamps": [at], "Values": [1.0], "StatusCode": "Complete"}
            for entry in body["MetricDataQueries"]
            for _ in range(self.search if "SEARCH" in entry.get("Expression", "") else 1)
        ]
        return {"MetricDataResults": rows}

    def _log(self, body: dict[str, Any]) -> dict[str, Any]:
        del body
        return {
            "events": [
                {"eventId": str(i), "logStreamName": "s", "timestamp": 1, "message": m} for i, m in enumerate(self.lines)
            ]
        }  # fmt: skip

    def _insights(self, body: dict[str, Any]) -> dict[str, Any]:
        del body
        return {"status": "Complete", "results": [], "statistics": {"bytesScanned": 2_000_000_000.0}}


class Handler(BaseHTTPRequestHandler):
    endpoint: ClassVar[Endpoint]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if operation:
            status, told = self.endpoint.answer(operation, json.loads(body))
            text = json.dumps(told).encode()
        else:
            status, text = 403, DENIED  # another service, and another protocol
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
