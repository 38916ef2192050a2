"""The metrics that SQS, SNS and Lambda send to CloudWatch on AWS, recorded where it happens in ministack.

Each hook is the lowest place that every way of sending, receiving or invoking passes through, so that an
S3 notification counts as a message sent like a SendMessage does, and an invocation by an event source
mapping like one by Invoke.

- SQS reports each minute while a queue is active (six hours from the last activity), zeros included.
- SNS reports on activity. Whether AWS sends NumberOfNotificationsFailed as zero where nothing failed, its
  documentation does not say; here each published message brings a zero, so that "no failure" can be told
  from "nothing was published".
- Lambda reports an invocation when it ends: Errors 0 or 1, Duration, by function and over all functions.
"""

# ruff: noqa: SLF001, FBT001, ARG001  ministack has no public names for what is replaced here, and its own signatures

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from app.sandbox.emulator.cloudwatch import CloudWatch

ACTIVE_FOR = 6 * 3600  # seconds that a queue stays active
SENT, RECEIVED, DELETED = "NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted"
COUNTED = (SENT, RECEIVED, DELETED)
Queue = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Modules:
    """Of ministack."""

    sqs: ModuleType
    sns: ModuleType
    functions: ModuleType  # lambda_svc


@dataclass(frozen=True, kw_only=True)
class ServiceMetrics:
    cloudwatch: CloudWatch
    modules: Modules
    _sent: threading.local = field(default_factory=threading.local)  # `.count`: messages sent by this thread

    def install(self) -> None:
        self._install_sending()
        self._install_receiving()
        self._install_deleting()
        self._install_sns()
        self._install_lambda()

    def _install_sending(self) -> None:
        sqs = self.modules.sqs
        send, delay = sqs._act_send_message, sqs.queue_delay

        def sent(data: dict[str, Any], url: str) -> Any:
            answer = send(data, url)
            self.sent(sqs._get_q(data.get("QueueUrl", url)))
            return answer

        def delivered(queue: Queue) -> Any:
            """SNS, S3, EventBridge and Lambda put messages into a queue themselves, and ask this first."""
            self.sent(queue)
            return delay(queue)

        replace(sqs, _act_send_message=sent, queue_delay=delivered)
        sqs._HANDLERS.update(SendMessage=sent)

    def _install_receiving(self) -> None:
        sqs = self.modules.sqs
        collect = sqs._collect_msgs

        def received(queue: Queue, most: int, hidden_for: int) -> Any:
            messages = collect(queue, most, hidden_for)
            self.queue(queue, RECEIVED, len(messages))
            return messages

        replace(sqs, _collect_msgs=received)

    def _install_deleting(self) -> None:
        sqs = self.modules.sqs
        delete, delete_batch = sqs._act_delete_message, sqs._act_delete_message_batch
        delete_for_mapping = sqs._delete_messages_for_esm

        def deleted(data: dict[str, Any], url: str) -> Any:
            answer = delete(data, url)
            self.queue(sqs._get_q(data.get("QueueUrl", url)), DELETED, 1)
            return answer

        def batch_deleted(data: dict[str, Any], url: str) -> Any:
            answer = delete_batch(data, url)
            self.queue(sqs._get_q(data.get("QueueUrl", url)), DELETED, len(answer["Successful"]))
            return answer

        def mapping_deleted(url: str, handles: set[str]) -> None:
            delete_for_mapping(url, handles)
            self.queue(sqs._get_q(url), DELETED, len(handles))

        replace(sqs, _act_delete_message=deleted, _act_delete_message_batch=batch_deleted)
        replace(sqs, _delete_messages_for_esm=mapping_deleted)
        sqs._HANDLERS.update(DeleteMessage=deleted, DeleteMessageBatch=batch_deleted)

    def _install_sns(self) -> None:
        sns = self.modules.sns
        fanout, to_queue, to_function = sns._fanout, sns._deliver_to_sqs, sns._deliver_to_lambda

        def published(topic_arn: str, *args: Any, **named: Any) -> Any:
            self.topic(topic_arn, "NumberOfMessagesPublished", 1)
            self.topic(topic_arn, "NumberOfNotificationsFailed", 0)
            return fanout(topic_arn, *args, **named)

        def queued(*args: Any, topic_arn: str = "", **named: Any) -> None:
            before = self.sent_by_this_thread
            to_queue(*args, topic_arn=topic_arn, **named)
            self.notified(topic_arn, arrived=self.sent_by_this_thread > before)

        def invoked(endpoint: str, envelope: str, topic_arn: str, *args: Any) -> None:
            function = self.modules.functions._get_func_record_for_ref(endpoint)[0]
            self.notified(topic_arn, arrived=function is not None)
            to_function(endpoint, envelope, topic_arn, *args)

        replace(sns, _fanout=published, _deliver_to_sqs=queued, _deliver_to_lambda=invoked)

    def _install_lambda(self) -> None:
        functions = self.modules.functions
        dispatch = functions._execute_function_dispatch

        def executed(
            func: Any, config: Mapping[str, Any], event: Any, request_id: str, started: float
        ) -> Any:
            try:
                result = dispatch(func, config, event, request_id, started)
            except Exception:
                self.invoked(config, started, failed=True)
                raise
            self.invoked(config, started, failed=bool(isinstance(result, dict) and result.get("error")))
            return result

        def emitted(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
            """Everything but throttles is counted above, for each way of invoking."""
            if throttle:
                self.function(function_name, "Throttles", 1, "Count")

        replace(functions, _execute_function_dispatch=executed, _emit_lambda_metrics=emitted)
        # ministack pauses a whole event source mapping for a second after any failed batch; on AWS the
        # others go on, and the failed messages wait for their visibility timeout anyway.
        replace(functions, _ESM_BACKOFF_SECONDS=0.0)

    @property
    def sent_by_this_thread(self) -> int:
        return getattr(self._sent, "count", 0)

    def sent(self, queue: Queue) -> None:
        self._sent.count = self.sent_by_this_thread + 1
        self.queue(queue, SENT, 1)

    def queue(self, queue: Queue, name: str, value: float) -> None:
        """A queue's event; its other counts are zero for a minute without one, while it is active."""
        by = {"QueueName": str(queue["name"])}
        for counted in COUNTED:
            metric = self.cloudwatch.metric("AWS/SQS", counted, by)
            times = value if counted == name else 0.0
            self.cloudwatch.points.add(metric, times, unit="Count", zero_for=ACTIVE_FOR)

    def topic(self, arn: str, name: str, value: float) -> None:
        self.cloudwatch.record("AWS/SNS", name, value, "Count", {"TopicName": arn.rpartition(":")[2]})

    def notified(self, topic_arn: str, *, arrived: bool) -> None:
        self.topic(
            topic_arn, "NumberOfNotificationsDelivered" if arrived else "NumberOfNotificationsFailed", 1
        )

    def invoked(self, config: Mapping[str, Any], started: float, *, failed: bool) -> None:
        name = str(config.get("FunctionName", "unknown"))
        self.function(name, "Invocations", 1, "Count")
        self.function(name, "Errors", 1 if failed else 0, "Count")
        self.function(name, "Throttles", 0, "Count")
        self.function(name, "Duration", float(round((time.time() - started) * 1000)), "Milliseconds")

    def function(self, name: str, metric: str, value: float, unit: str) -> None:
        self.cloudwatch.record("AWS/Lambda", metric, value, unit, {"FunctionName": name})
        self.cloudwatch.record("AWS/Lambda", metric, value, unit)


def replace(module: ModuleType, **replacements: Callable[..., Any] | float) -> None:
    """Put these into a module of ministack. AttributeError where it has no such name any more."""
    for name, replacement in replacements.items():
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name} any more: see app/sandbox/emulator")
        setattr(module, name, replacement)
