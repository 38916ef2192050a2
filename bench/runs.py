"""A run through the API against `chaos run` of the same file; fifty at once against bare children."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil

from bench.bare import run_bare
from bench.console import Console, console, proportional
from bench.table import Row, show

CHAOS = str(Path(sys.executable).parent / "chaos")


def experiment(pause: float = 0) -> dict[str, object]:
    """As small as an experiment gets: one python action, and a pause where memory is looked at."""
    provider = {"type": "python", "module": "os", "func": "getpid"}
    action = {"type": "action", "name": "nothing", "provider": provider, "pauses": {"after": pause}}
    return {"title": "Trivial", "description": "Nothing", "method": [action]}


def measure(times: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "experiments")
        folder.mkdir()
        (folder / "trivial.json").write_text(json.dumps(experiment()))
        (folder / "waits.json").write_text(json.dumps(experiment(pause=5)))
        with console(Path(name)) as served:
            one_at_a_time(served, folder, times)
            fifty_at_once(served, folder)


def one_at_a_time(served: Console, folder: Path, times: int) -> None:
    cli = Row("chaos run", "ms")
    api = Row("through the API, POST to ended", "ms", against=cli, aim="<= 0.5, aim 0.15")
    words = [CHAOS, "run", "trivial.json"]
    run_to_its_end(served, "trivial")
    for _ in range(times):
        with cli.timing():
            subprocess.run(words, cwd=folder, check=True, capture_output=True)
        api.time(lambda: run_to_its_end(served, "trivial"), 1)
    show("A trivial experiment", [cli, api])


# Reading the certificates of the world takes 20 ms, and is nothing to a console on loopback.
CLIENT = httpx.Client(timeout=120, verify=False, limits=httpx.Limits(max_connections=60))


def run_to_its_end(served: Console, name: str) -> None:
    run = CLIENT.post(f"{served.url}/experiments/{name}/run").raise_for_status().json()
    with CLIENT.stream("GET", f"{served.url}/api/runs/{run['id']}/events") as events:
        for line in events.iter_lines():
            if line == "event: ended":
                return


def fifty_at_once(served: Console, folder: Path) -> None:
    bare = Row("50 bare forkserver children", "ms")
    api = Row("50 runs at once through the API", "ms", against=bare, aim="<= 1.3")
    bare_pause = Row("the same with a pause of 5 s, all alive at once: bare", "ms")
    api_pause = Row("and through the API", "ms", against=bare_pause, aim="<= 1.3")
    memory = Row("PSS of a child during its pause", "MB", aim="<= 20")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.bare"])
    bare_children(context, folder, "trivial", 2)
    for name, ours, through in (("trivial", bare, api), ("waits", bare_pause, api_pause)):
        for _ in range(3):
            with ours.timing():
                bare_children(context, folder, name, 50)
            with through.timing(), ThreadPoolExecutor(50) as pool:
                list(pool.map(lambda _, name=name: run_to_its_end(served, name), range(50)))
    memory.values = child_memory(served)
    show("Fifty at once", [bare, api, bare_pause, api_pause, memory])


def bare_children(
    context: multiprocessing.context.ForkServerContext, folder: Path, name: str, count: int
) -> None:
    children = [context.Process(target=run_bare, args=(str(folder), f"{name}.json")) for _ in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join()


def child_memory(served: Console) -> list[float]:
    """The PSS of ten children, each in its pause."""
    before = {process.pid for process in psutil.Process(served.process.pid).children(recursive=True)}
    threads = [threading.Thread(target=run_to_its_end, args=(served, "waits")) for _ in range(10)]
    for thread in threads:
        thread.start()
    children: set[int] = set()
    deadline = time.monotonic() + 4
    while len(children) < 10 and time.monotonic() < deadline:
        children = {p.pid for p in psutil.Process(served.process.pid).children(recursive=True)} - before
    time.sleep(1)
    figures = [proportional(pid) for pid in children]
    for thread in threads:
        thread.join()
    return [figure for figure in figures if figure]
