"""Both commands over the whole corpus, once a session."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.compat import cases
from tests.compat.cases import CASES, CHAOS, GAMEDAY, Outcome
from tests.compat.server import serving
from tests.compat.warm import Warm

AT_ONCE = 3
ENGINE = ("app.engine", "app.cli.run.main", "app.runs.children:start_fork_server")


def pytest_addoption(parser: pytest.Parser) -> None:
    words = "write docs/reference/compatibility.md anew, rather than compare it"
    parser.addoption("--write-compatibility", action="store_true", help=words)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with serving() as address:
        yield address


class Pair:
    """Of one thread: the two commands, and a working folder."""

    def __init__(self, work: Path) -> None:
        self.work = work
        work.mkdir()
        self.chaos = Warm(CHAOS, "chaostoolkit.__main__")
        self.gameday = Warm(GAMEDAY, *ENGINE)

    def both(self, case: str, folder: Path, server: str) -> tuple[Outcome, Outcome]:
        return (
            cases.chaos(self.chaos.run, case, folder / "chaos" / case, server),
            cases.gameday(self.gameday.run, case, folder / "gameday" / case, server, work=self.work),
        )

    def close(self) -> None:
        self.chaos.close()
        self.gameday.close()


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """For what is no file of the corpus."""
    pair = Pair(tmp_path_factory.mktemp("pair") / "work")
    yield pair
    pair.close()


def asked_for(tests: Sequence[pytest.Item]) -> Sequence[str]:
    """The cases of the tests that were chosen; all of them, if one looks at all."""
    users = [test for test in tests if "outcomes" in getattr(test, "fixturenames", ())]
    named = {getattr(test, "callspec", None) and test.callspec.params.get("case") for test in users}
    return CASES if None in named else sorted(named)


@pytest.fixture(scope="session")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, server: str, request: pytest.FixtureRequest
) -> Iterator[Mapping[str, tuple[Outcome, Outcome]]]:
    """By case: what `chaos run` made of it, and what `gameday run` did."""
    folder = tmp_path_factory.mktemp("compat")
    pairs: dict[int, Pair] = {}

    def both(case: str) -> tuple[Outcome, Outcome]:
        me = threading.get_ident()
        if me not in pairs:
            pairs[me] = Pair(folder / f"work-{me}")
        return pairs[me].both(case, folder, server)

    wanted = asked_for(request.session.items)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = dict(zip(wanted, pool.map(both, wanted), strict=True))
    yield told
    for pair in pairs.values():
        pair.close()
