"""What a value means to the functions that read its store, and how that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.aws import Aws, Function
from app.dialects import DIALECTS, for_version, recognise, translate
from app.errors import GamedayError
from app.faults.entry import Store, Understanding
from app.settings import Environment


@dataclass(frozen=True, kw_only=True)
class Readers:
    """The functions that read a store, and the dialect that they obey."""

    functions: tuple[str, ...] = ()
    dialect: str | None = None
    version: str | None = None
    known_by: str = ""
    refusal: str | None = None


def understand(aws: Aws, environment: Environment, store: Store, text: str) -> Understanding:
    """Never raises for AWS: what can not be found out is said in `known_by`."""
    readers = read(aws, environment, store)
    found = recognise(text)
    obeyed = readers.dialect or (found if readers.refusal is None else None)
    native = obeyed is not None and DIALECTS[obeyed].parse(text) is not None
    written_in = obeyed if native else found
    return Understanding(
        fault=DIALECTS[written_in].parse(text) if written_in else None,
        dialect=written_in,
        function_dialect=obeyed,
        functions=readers.functions,
        version=readers.version,
        known_by=readers.known_by
        if readers.dialect or readers.refusal
        else f"the shape of the value; {readers.known_by}",
        value=translate(text, obeyed) if obeyed else text,
        refusal=readers.refusal,
    )


def read(aws: Aws, environment: Environment, store: Store) -> Readers:
    """Who reads a store, and in which dialect: as declared, else as their packages say."""
    try:
        functions = aws.functions(environment.name).reading(store.name)
        trouble = "" if functions else f"no function reads {store.name}"
    except GamedayError as error:
        functions, trouble = (), str(error)
    names = tuple(function.name for function in functions)
    declared = next(
        (
            environment.dialects[key]
            for key in (store.name, str(store), *names)
            if key in environment.dialects
        ),
        None,
    )
    if declared is not None:
        return _declared(names, declared)
    return _packaged(aws, environment, functions) if functions else Readers(known_by=trouble)


def _declared(names: tuple[str, ...], dialect: str) -> Readers:
    if dialect in DIALECTS:
        return Readers(functions=names, dialect=dialect, known_by="declared for the environment")
    return Readers(
        functions=names, known_by="declared for the environment",
        refusal=f"The environment declares {dialect}, which is not spoken here. Spoken are {', '.join(DIALECTS)}.",
    )  # fmt: skip


def _packaged(aws: Aws, environment: Environment, functions: Sequence[Function]) -> Readers:
    names = tuple(function.name for function in functions)
    codes = [aws.functions(environment.name).library(function) for function in functions]
    versions = sorted({code.version for code in codes if code.version})
    if not versions:
        return Readers(functions=names, known_by=f"failure-lambda's version is not known: {codes[0].why}")
    dialects = {for_version(version) for version in versions}
    known = f"failure-lambda {' and '.join(versions)}, read from the deployment package"
    dialect = next(iter(dialects))
    if len(dialects) > 1 or dialect is None:
        return Readers(functions=names, version=versions[0], known_by=known, refusal=_mixed(names, versions))
    return Readers(functions=names, dialect=dialect, version=versions[0], known_by=known)


def _mixed(names: tuple[str, ...], versions: Sequence[str]) -> str:
    verb = "carries" if len(names) == 1 else "carry"
    carries = f"{' and '.join(names)} {verb} failure-lambda {' and '.join(versions)}"
    if len(versions) > 1:
        return f"{carries}, which no single value can arm. Give them stores of their own, or one version."
    return f"{carries}, whose configuration is not written here. Spoken are {', '.join(DIALECTS)}."
