"""Runs ministack in this process, behind the guard and with what it lacks."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.sandbox.emulator import containers
from app.sandbox.emulator.cloudwatch import CloudWatch
from app.sandbox.emulator.gauges import Gauges
from app.sandbox.emulator.guard import Asgi, guarded
from app.sandbox.emulator.log_streams import LogStreams
from app.sandbox.emulator.points import Points
from app.sandbox.emulator.service_metrics import Modules, ServiceMetrics
from app.sandbox.emulator.windows import MINUTE

REGION = "us-east-2"
KEEP_ALIVE = 75.0  # seconds an idle connection is kept
END_WITHIN = 1.0  # seconds for requests in flight at the end


@dataclass(frozen=True, kw_only=True)
class Options:
    port: int
    speed: int
    data: Path  # temporary files of Lambda workers
    node_options_require: Path | None = None
    region: str = REGION


def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT."""
    _prepare(options)
    application = _ministack(options)
    asyncio.run(_serve(application, options))


def version() -> str:
    names = ("gameday", "ministack")
    ours, theirs = (importlib.metadata.version(name) for name in names)
    return f"{ours}+ministack.{theirs}"


def _prepare(options: Options) -> None:
    """Set what ministack reads from the environment as it is imported, and hands on to Lambda workers."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    temporary = options.data / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(options.port),
        MINISTACK_REGION=options.region,
        AWS_DEFAULT_REGION=options.region,
        MINISTACK_HOST="localhost",
        TMPDIR=str(temporary),
        S3_DATA_DIR=str(options.data / "s3"),
        STATE_DIR=str(options.data / "state"),
        PERSIST_STATE="0",
        SFTP_ENABLED="0",
        IOT_MTLS_ENABLED="0",
        LAMBDA_EXECUTOR="local",
        DOCKER_HOST=f"unix://{options.data / 'no-docker.sock'}",  # a daemon of the machine is none of its business
        LOG_LEVEL=os.environ.get("LOG_LEVEL", "ERROR"),
    )
    if options.node_options_require is not None:
        os.environ["NODE_OPTIONS"] = f'--require "{options.node_options_require}"'


def _ministack(options: Options) -> Asgi:
    # imported late: the environment above must stand before.
    import ministack.app  # noqa: PLC0415

    _install(options)
    health = {
        "emulator": "gameday",
        "pid": os.getpid(),
        "speed": options.speed,
        "version": version(),
        "data": str(options.data),
    }
    return guarded(ministack.app.app, health)


def _install(options: Options) -> None:
    from ministack.core import lambda_runtime  # noqa: PLC0415
    from ministack.services import cloudwatch, cloudwatch_logs, lambda_svc, sns, sqs  # noqa: PLC0415

    points = Points(minute=MINUTE // options.speed, clock=time.time)
    ours = CloudWatch(module=cloudwatch, points=points, speed=options.speed)
    ours.install()
    ServiceMetrics(cloudwatch=ours, modules=Modules(sqs=sqs, sns=sns, functions=lambda_svc)).install()
    Gauges(points=points, sqs=sqs).start()
    LogStreams(functions=lambda_svc, logs=cloudwatch_logs).install()
    containers.install(lambda_runtime, options.data / "code")


async def _serve(application: Any, options: Options) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve  # noqa: PLC0415  with ministack, at run time only
    from hypercorn.config import Config  # noqa: PLC0415

    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    config = Config()
    config.bind = [f"127.0.0.1:{options.port}"]
    config.keep_alive_timeout = KEEP_ALIVE
    config.graceful_timeout = END_WITHIN
    config.loglevel = "WARNING"

    async def ended() -> None:
        await ending.wait()

    await hypercorn_serve(application, config, shutdown_trigger=ended)
