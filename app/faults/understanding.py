"""What a value means to the functions that read its store, and how that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.aws import Aws, Code, Function
from app.dialects import DIALECTS, SWITCHED, for_version, read_as, recognise, translate
from app.dialects.disarming import POLLED, uncached
from app.dialects.documents import document, is_envelope
from app.errors import GamedayError, Invalid
from app.faults.entry import KnownBy, Store, Understanding
from app.settings import Environment


@dataclass(frozen=True, kw_only=True)
class Readers:
    """The functions that read a store, and the dialect that they obey."""

    functions: tuple[Function, ...] = ()
    dialect: str | None = None
    version: str | None = None
    known_by: str = ""
    known: KnownBy = KnownBy.SHAPE
    refusal: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(function.name for function in self.functions)


def understand(aws: Aws, environment: Environment, store: Store, text: str) -> Understanding:
    """Never raises for AWS: what can not be found out is said in `known_by`."""
    if store.kind in SWITCHED:
        return _switch(store, text)
    readers = read(aws, environment, store)
    found = recognise(text)
    obeyed = readers.dialect or (found if readers.refusal is None else None)
    native = obeyed is not None and DIALECTS[obeyed].parse(text) is not None
    written_in = obeyed if native else found
    value, refusal = _said(text, obeyed)
    return Understanding(
        fault=DIALECTS[written_in].parse(text) if written_in else None,
        dialect=written_in,
        function_dialect=obeyed,
        functions=readers.names,
        version=readers.version,
        known=readers.known,
        known_by=f"the shape of the value; {readers.known_by}"
        if readers.known is KnownBy.SHAPE
        else readers.known_by,
        value=value,
        refusal=readers.refusal or _misplaced(store, text) or refusal,
        reading=_reading(readers.functions, store.kind),
        store_kind=store.kind,
        present=text,
    )


def read(aws: Aws, environment: Environment, store: Store) -> Readers:
    """Who reads a store, and in which dialect: as declared, else as layers and packages say."""
    try:
        functions = readers_of(aws, store)
        trouble = "" if functions else f"no function reads {store.name}"
    except GamedayError as error:
        functions, trouble = (), str(error)
    keys = (store.name, str(store), *(function.name for function in functions))
    declared = next((environment.dialects[key] for key in keys if key in environment.dialects), None)
    if declared is not None:
        return _declared(functions, declared)
    return _packaged(aws, environment, functions) if functions else Readers(known_by=trouble)


def readers_of(aws: Aws, store: Store) -> tuple[Function, ...]:
    """The functions whose variables name a store. Unavailable where they can not be listed."""
    functions = aws.functions(store.environment)
    if store.kind != "appconfig":
        return tuple(functions.reading(store.name))
    held = aws.stores(store.environment, store.kind)
    named = [function for function in functions.all() if function.appconfig]
    return tuple(function for function in named if held.same(str(function.appconfig), store.name))


def _said(text: str, dialect: str | None) -> tuple[str, str | None]:
    """`text` as the functions obey it; or why it can not be said to them."""
    try:
        return (translate(text, dialect) if dialect else text), None
    except Invalid as refused:
        return text, f"The functions obey {dialect}: {refused}"


def _misplaced(store: Store, text: str) -> str | None:
    """Only AppConfig hands functions what is in its feature flags' `values`."""
    if store.kind == "appconfig" or not is_envelope(document(text)):
        return None
    return (
        f"{store} would hold feature flags in the form that AppConfig keeps them in, which functions read nowhere else. "
        "Write the flags themselves, without `flags` and `values`."
    )


def _switch(store: Store, text: str) -> Understanding:
    named = (store.name,) if store.kind == "lambda-concurrency" else ()
    return Understanding(
        fault=read_as(store.kind, text), dialect=store.kind, function_dialect=store.kind, functions=named,
        version=None, known_by="a setting of AWS itself", known=KnownBy.SETTING, value=text, store_kind=store.kind,
    )  # fmt: skip


def _reading(functions: Sequence[Function], kind: str) -> dict[str, Any]:
    """What of the functions' settings bears on how long off takes: the worst of them."""
    return {
        "cache_ttl": _longest([function.cache_ttl for function in functions], uncached(kind)),
        "poll": _longest([function.poll for function in functions], POLLED),
        "wrapper": bool(functions) and all(function.wrapper for function in functions),
    }


def _longest(told: Sequence[float | None], default: float) -> float | None:
    """None where no function says anything else than the library's default."""
    if all(seconds is None for seconds in told):
        return None
    return max(default if seconds is None else seconds for seconds in told)


def _declared(functions: tuple[Function, ...], dialect: str) -> Readers:
    found = Readers(functions=functions, known_by="declared for the environment", known=KnownBy.DECLARED)
    if dialect in DIALECTS:
        return replace(found, dialect=dialect)
    spoken = ", ".join(DIALECTS)
    return replace(
        found, refusal=f"The environment declares {dialect}, which is not spoken here. Spoken are {spoken}."
    )


def _packaged(aws: Aws, environment: Environment, functions: tuple[Function, ...]) -> Readers:
    codes = [(function, aws.functions(environment.name).library(function)) for function in functions]
    known = [(function, code, code.version) for function, code in codes if code.version]
    if not known:
        library = functions[0].library
        return Readers(functions=functions, known_by=f"{library}'s version is not known: {codes[0][1].why}")
    versions = sorted({version for _, _, version in known})
    dialects = {for_version(version, _library(function, code)) for function, code, version in known}
    library = _library(known[0][0], known[0][1])
    found = Readers(
        functions=functions, version=versions[0], known=KnownBy.LAYER if known[0][1].by_name else KnownBy.PACKAGE,
        known_by=f"{library} {' and '.join(versions)}, {known[0][1].why}",
    )  # fmt: skip
    dialect = next(iter(dialects))
    if len(dialects) > 1 or dialect is None:
        refusal = _mixed(tuple(function.name for function in functions), library, versions)
        return replace(found, refusal=refusal)
    return replace(found, dialect=dialect)


def _library(function: Function, code: Code) -> str:
    return code.library or function.library


def _mixed(names: tuple[str, ...], library: str, versions: Sequence[str]) -> str:
    verb = "carries" if len(names) == 1 else "carry"
    carries = f"{' and '.join(names)} {verb} {library} {' and '.join(versions)}"
    if len(versions) > 1:
        return f"{carries}, which no single value can arm. Give them stores of their own, or one version."
    return f"{carries}, whose configuration is not written here. Spoken are {', '.join(DIALECTS)}."
