"""The double and the real client keep the same rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.aws import Aws, InMemoryParameters, Parameters
from app.settings import Environment


@pytest.fixture(params=["double", pytest.param("emulator", marks=pytest.mark.sandbox)])
def parameters(request: pytest.FixtureRequest) -> Parameters:
    if request.param == "double":
        return InMemoryParameters()
    environment: Environment = request.getfixturevalue("emulated")
    return Aws({"test": environment}).parameters("test")


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return f"/tests/{abs(hash(request.node.name))}"


def test_what_is_not_there_is_none(parameters: Parameters, name: str) -> None:
    assert parameters.get(name) is None
    assert parameters.describe(name) is None
    assert parameters.delete(name) is False


@pytest.mark.parametrize("value", ["x", ' {"isEnabled": false}\n', "\ufeffé🙂", "a" * 4000])
def test_a_value_comes_back_byte_for_byte(parameters: Parameters, name: str, value: str) -> None:
    assert parameters.put(name, value.encode()) == 1
    found = parameters.get(name)
    assert found is not None
    assert (found.value, found.type, found.version) == (value.encode(), "String", 1)


def test_versions_count_writes(parameters: Parameters, name: str) -> None:
    assert [parameters.put(name, f"v{n}".encode()) for n in (1, 2, 3)] == [1, 2, 3]
    assert [(row.version, row.value) for row in parameters.history(name)] == [
        (1, b"v1"),
        (2, b"v2"),
        (3, b"v3"),
    ]


def test_tier_and_type_are_kept(parameters: Parameters, name: str) -> None:
    parameters.put(name, b"a,b", kind="StringList", tier="Advanced", data_type="text")
    found = parameters.describe(name)
    assert found is not None
    assert (found.type, found.tier, found.data_type) == ("StringList", "Advanced", "text")


def test_creating_is_atomic(parameters: Parameters, name: str) -> None:
    assert parameters.create(name, b"mine") is True
    assert parameters.create(name, b"theirs") is False
    held = parameters.get(name)
    assert held is not None
    assert held.value == b"mine"
    assert parameters.delete(name) is True
    assert parameters.create(name, b"theirs") is True


def test_the_double_counts_calls_and_can_fail() -> None:
    parameters = InMemoryParameters({"x": "1"})

    def refuse(call: str, name: str) -> None:
        raise RuntimeError(call, name)

    parameters.before = refuse
    call: Callable[[], object] = lambda: parameters.get("x")  # noqa: E731  one line is clearer
    with pytest.raises(RuntimeError):
        call()
    assert parameters.calls == [("get", "x")]
