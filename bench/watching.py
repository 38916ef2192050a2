"""CloudWatch calls a minute with 1, 10 and 50 open Live pages: the same number."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path

import httpx

from app.sandbox.emulator import process
from bench.console import console, free_port
from bench.proxy import Proxy
from bench.table import Row, show

PAGES = (1, 10, 50)
WATCHED_FOR = 62  # seconds: one sample a minute at speed 1 would be too few, so the emulator runs at 10
EXPERIMENTS = Path(__file__).parent.parent / "experiments"
SETTINGS = """
[environments.bench]
region = "us-east-2"
endpoint = "{endpoint}"

[environments.bench.variables]
S3_BUCKET_NAME = "bench"
SNS_TOPIC_NAME = "bench"
LAMBDA_FUNCTION_NAME = "bench"
"""


def measure(times: int) -> None:
    del times
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(EXPERIMENTS, folder / "experiments")
        emulator = process.start(port=free_port(), speed=1, data=folder / "aws", log_file=folder / "aws.log")
        try:
            with Proxy(int(emulator.endpoint.rsplit(":", 1)[1]), delay=0).running() as proxy:
                (folder / "gameday.toml").write_text(SETTINGS.format(endpoint=proxy.url))
                with console(folder) as served:
                    rows = [asyncio.run(watch(served.url, proxy, pages)) for pages in PAGES]
        finally:
            process.stop(emulator)
    show("CloudWatch calls while Live pages are open", rows)


async def watch(url: str, proxy: Proxy, pages: int) -> Row:
    """GetMetricData calls a minute while `pages` streams of the Live page are open."""
    async with httpx.AsyncClient(
        base_url=url, timeout=None, limits=httpx.Limits(max_connections=None)
    ) as client:
        stream = (await client.get("/")).text.split('hx-sse:connect="')[1].split('"')[0].replace("&amp;", "&")
        readers = [asyncio.create_task(read(client, stream)) for _ in range(pages)]
        await asyncio.sleep(3)
        before = proxy.calls["GetMetricData"]
        await asyncio.sleep(WATCHED_FOR)
        calls = proxy.calls["GetMetricData"] - before
        for reader in readers:
            reader.cancel()
    return Row(f"{pages} open pages", "calls a minute", [calls * 60 / WATCHED_FOR])


async def read(client: httpx.AsyncClient, stream: str) -> None:
    with contextlib.suppress(httpx.HTTPError):
        async with client.stream("GET", stream) as answer:
            async for _ in answer.aiter_raw():
                pass
