"""CloudWatch's metric math, the part the sandbox speaks: arithmetic, comparisons, IF, FILL, RATE, SUM and others. Pure.

The grammar is that of arithmetic, so Python's own parser reads it; every node that is not part of the
list below is refused, and nothing is ever executed as Python.

A value is a time series (bucket → number), a list of them, or a scalar. As on AWS a series meets a
series where both have a point; a scalar meets every point; `SUM(m1)` of one series is a scalar,
`SUM([m1, m2])` of a list is a series; a result must be a series in the end. Division by zero, and
whatever is not a finite number, gives no point.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from app.sandbox.emulator import functions
from app.sandbox.emulator.functions import COMPARISONS, LOGIC, POINTWISE

Series = dict[int, float]
Value = float | Series | list[Series]

NOTHING = math.nan  # a scalar that has no value, such as the sum of no points; what it meets has none either
LONGEST = 1024  # characters, as on AWS
ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
ALLOWED = re.compile(r"[a-zA-Z0-9_.,+\-*/()\[\]\s<>=!&|]*")
NOT_A_NUMBER = re.compile(
    r"(?<![a-zA-Z0-9_])[0-9][0-9.]*(?:_|[xXoObBjJ])"
)  # Python would read these, AWS would not
CHANGES = {"RATE": functions.rate, "DIFF": functions.difference}
OF_ONE = ("SUM", "AVG", "MIN", "MAX", *CHANGES, *POINTWISE)
FUNCTIONS = ("FILL", "IF", *OF_ONE)

OPERATORS: Mapping[type[ast.operator], tuple[str, Callable[[float, float], float]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
}
AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": math.fsum,
    "AVG": lambda values: math.fsum(values) / len(values),
    "MIN": min,
    "MAX": max,
}


class ExpressionError(ValueError):
    """What is wrong, as AWS writes it after `Error in expression 'e1': `."""


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A parsed expression and the ids it refers to, in order of appearance."""

    tree: ast.expr
    names: tuple[str, ...] = field(default=())


def parse(text: str) -> Expression:
    """ExpressionError where it is not of our grammar."""
    if len(text) > LONGEST:
        raise ExpressionError(f"Expression is longer than {LONGEST} characters")
    if not text.strip() or not ALLOWED.fullmatch(text) or NOT_A_NUMBER.search(text):
        raise ExpressionError("Invalid syntax")
    try:
        tree = ast.parse(functions.worded(text), mode="eval").body
        names = tuple(dict.fromkeys(_names(tree)))
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ExpressionError("Invalid syntax") from error
    return Expression(tree=tree, names=names)


def evaluate(expression: Expression, values: Mapping[str, Series], grid: Sequence[int]) -> Series:
    """The series of an expression. `grid`: the buckets that FILL fills.

    ExpressionError where types do not fit, or an id has no value.
    """
    result = _Evaluation(values, grid).value(expression.tree)
    if not isinstance(result, dict):
        raise ExpressionError("The final result of the expression must be a single time series")
    return result


def _names(node: ast.expr) -> list[str]:
    """The ids below a node. Also the check that nothing stands there that is not ours."""
    match node:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            return []
        case ast.Name(id=name) if ID.fullmatch(name):
            return [name]
        case ast.Call(func=ast.Name(id=name)):
            return _names_of_call(node, name)
    return [name for operand in _operands(node) for name in _names(operand)]


def _operands(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return [left, right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return [operand]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            return [left, right]
        case ast.BoolOp(values=values):
            return values
    raise ExpressionError("Invalid syntax")


def _names_of_call(node: ast.Call, name: str) -> list[str]:
    match node:
        case ast.Call(func=ast.Name(id="FILL"), args=[series, by], keywords=[]):
            how = [] if isinstance(by, ast.Name) and by.id in ("REPEAT", "LINEAR") else _names(by)
            return [*_arguments(series), *how]
        case ast.Call(func=ast.Name(id="IF"), args=[_, _] | [_, _, _] as parts, keywords=[]):
            return [one for part in parts for one in _names(part)]
        case ast.Call(args=[one], keywords=[]) if name in OF_ONE:
            return _arguments(one)
    known = name in FUNCTIONS
    raise ExpressionError(
        f"Wrong arguments of function '{name}'" if known else f"Function '{name}' not found"
    )


def _arguments(node: ast.expr) -> list[str]:
    if isinstance(node, ast.List):
        if not node.elts:
            raise ExpressionError("Invalid syntax")
        return [name for element in node.elts for name in _names(element)]
    return _names(node)


@dataclass(frozen=True)
class _Evaluation:
    values: Mapping[str, Series]
    grid: Sequence[int]

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return _finite(number)
            case ast.Name(id=name):
                return self._named(name)
            case ast.List(elts=elements):
                return [self._series(element) for element in elements]
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._called(name, arguments)
        return self._operated(node)

    def _operated(self, node: ast.expr) -> Value:
        match node:
            case ast.UnaryOp(op=op, operand=operand):
                sign = -1.0 if isinstance(op, ast.USub) else 1.0
                return combined("*", operator.mul, sign, self.value(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return combined(*OPERATORS[type(op)], self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                mark, compare = COMPARISONS[type(op)]
                return combined(mark, functions.compared(compare), self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=values):
                word, operate = LOGIC[type(op)]
                return reduce(lambda one, other: combined(word, operate, one, other), map(self.value, values))
        raise ExpressionError("Invalid syntax")

    def _called(self, name: str, arguments: Sequence[ast.expr]) -> Value:
        if name == "FILL":
            series, by = arguments
            return self._fill(self.value(series), by)
        if name == "IF":
            return self._if([self.value(argument) for argument in arguments])
        if name in CHANGES or name in POINTWISE:
            return self._each(name, self.value(arguments[0]))
        return aggregated(name, self.value(arguments[0]))

    def _if(self, values: Sequence[Value]) -> Value:
        wrong = next((value for value in values if isinstance(value, list)), None)
        if wrong is not None:
            raise ExpressionError(f"Unsupported operand type for IF: '{_type(wrong)}'")
        condition, yes, *no = [value for value in values if not isinstance(value, list)]
        return functions.chosen(condition, yes, no[0] if no else None)

    def _each(self, name: str, value: Value) -> Value:
        """Of a series a series, of a list a list."""
        if isinstance(value, float):
            raise ExpressionError(f"Unsupported operand type for {name}: '{_type(value)}'")
        if name in CHANGES:
            change = CHANGES[name]
            return [change(series) for series in value] if isinstance(value, list) else change(value)
        of = POINTWISE[name]
        whole = [value] if isinstance(value, dict) else value
        made = [{second: float(of(point)) for second, point in series.items()} for series in whole]
        return made if isinstance(value, list) else made[0]

    def _named(self, name: str) -> Series:
        if name not in self.values:
            raise ExpressionError(f"Unknown metric id '{name}'")
        return self.values[name]

    def _series(self, node: ast.expr) -> Series:
        value = self.value(node)
        if not isinstance(value, dict):
            raise ExpressionError("An array may hold time series only")
        return value

    def _fill(self, value: Value, by: ast.expr) -> Value:
        if isinstance(value, float):
            raise ExpressionError(f"Unsupported operand type for FILL: '{_type(value)}'")
        if isinstance(value, list):
            return [self._filled(series, by) for series in value]
        return self._filled(value, by)

    def _filled(self, series: Series, by: ast.expr) -> Series:
        if isinstance(by, ast.Name) and by.id == "REPEAT":
            return repeated(series, self.grid)
        if isinstance(by, ast.Name) and by.id == "LINEAR":
            return interpolated(series, self.grid)
        value = self.value(by)
        if isinstance(value, list):
            raise ExpressionError(f"Unsupported operand type for FILL: '{_type(value)}'")
        if isinstance(value, dict):
            filler = {second: value[second] for second in self.grid if second in value}
        else:
            filler = {} if math.isnan(value) else dict.fromkeys(self.grid, value)
        return dict(sorted({**filler, **series}.items()))


def combined(sign: str, operate: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """`left sign right`, point by point."""
    if isinstance(left, list) or isinstance(right, list):
        raise ExpressionError(f"Unsupported operand type(s) for {sign}: '{_type(left)}' and '{_type(right)}'")
    if isinstance(left, float) and isinstance(right, float):
        number = _operated(operate, left, right)
        return NOTHING if number is None else number
    points: Series = {}
    for second in _seconds(left, right):
        one = left[second] if isinstance(left, dict) else left
        other = right[second] if isinstance(right, dict) else right
        number = _operated(operate, one, other)
        if number is not None:
            points[second] = number
    return points


def aggregated(name: str, value: Value) -> Value:
    """Of a list: a series, over the points that there are. Of a series: a scalar over its points."""
    folded = AGGREGATES[name]
    if isinstance(value, float):
        raise ExpressionError(f"Unsupported operand type for {name}: '{_type(value)}'")
    if isinstance(value, dict):
        return folded(list(value.values())) if value else NOTHING
    seconds = sorted({second for series in value for second in series})
    return {second: folded([series[second] for series in value if second in series]) for second in seconds}


def repeated(series: Series, grid: Sequence[int]) -> Series:
    """Each gap holds the newest point before it; a gap at the beginning the first point."""
    if not series:
        return {}
    filled = dict(series)
    last = series[min(series)]
    for second in sorted(set(grid) | set(series)):
        last = filled.setdefault(second, last)
    return dict(sorted(filled.items()))


def interpolated(series: Series, grid: Sequence[int]) -> Series:
    """Each gap lies on the line between its neighbours; at the ends on the nearest point."""
    if not series:
        return {}
    known = sorted(series)
    filled = dict(series)
    for second in grid:
        before = max((at for at in known if at <= second), default=known[0])
        after = min((at for at in known if at >= second), default=known[-1])
        share = (second - before) / (after - before) if after > before else 0.0
        filled.setdefault(second, series[before] + share * (series[after] - series[before]))
    return dict(sorted(filled.items()))


def _seconds(left: float | Series, right: float | Series) -> list[int]:
    if isinstance(left, dict) and isinstance(right, dict):
        return sorted(left.keys() & right.keys())
    series = left if isinstance(left, dict) else right
    return sorted(series) if isinstance(series, dict) else []


def _operated(operate: Callable[[float, float], float], left: float, right: float) -> float | None:
    try:
        number = operate(left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _finite(number: float) -> float:
    try:
        value = float(number)
    except OverflowError as error:
        raise ExpressionError("Invalid syntax") from error
    if not math.isfinite(value):
        raise ExpressionError("Invalid syntax")
    return value


def _type(value: Value) -> str:
    if isinstance(value, float):
        return "Scalar"
    return "Time Series" if isinstance(value, dict) else "Array"
