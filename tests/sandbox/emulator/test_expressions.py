import math
import operator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.emulator.expressions import ExpressionError, Series, evaluate, parse

GRID = [0, 60, 120, 180]
VALUES: dict[str, Series] = {
    "json": {0: 100.0, 60: 200.0},
    "csv": {0: 98.0, 60: 200.0},
    "writes": {0: 48.0, 60: 100.0},
    "none": {},
    "gaps": {60: 4.0, 180: 8.0},
    "zero": {0: 0.0, 60: 5.0},
}

CASES = [
    ("json", {0: 100.0, 60: 200.0}),
    ("json + 1", {0: 101.0, 60: 201.0}),
    ("2 * json - csv", {0: 102.0, 60: 200.0}),
    ("-json", {0: -100.0, 60: -200.0}),
    ("+json", {0: 100.0, 60: 200.0}),
    ("1e2 / json", {0: 1.0, 60: 0.5}),
    (".5 * json", {0: 50.0, 60: 100.0}),
    ("((2*json-(csv+writes))/(2*json))*100", {0: 27.0, 60: 25.0}),
    ("(( 2 * json\n - (csv + writes)) / (2 * json)) * 100", {0: 27.0, 60: 25.0}),
    ("json / zero", {60: 40.0}),  # division by zero: no point
    ("zero / zero", {60: 1.0}),
    ("json / 0", {}),
    ("json * (1 / 0)", {}),
    ("json + none", {}),
    ("json + gaps", {60: 204.0}),  # where both have a point
    ("json * 1e300 * 1e300", {}),  # not finite: no point
    ("json - AVG(json)", {0: -50.0, 60: 50.0}),  # of one series: a scalar
    ("json * 0 + SUM(json)", {0: 300.0, 60: 300.0}),
    ("json * 0 + MIN(json)", {0: 100.0, 60: 100.0}),
    ("json * 0 + MAX(json)", {0: 200.0, 60: 200.0}),
    ("json + SUM(none)", {}),
    ("json + SUM(none) / SUM(zero)", {}),
    ("SUM([json, csv])", {0: 198.0, 60: 400.0}),  # of a list: a series
    ("AVG([json, csv])", {0: 99.0, 60: 200.0}),
    ("MIN([json, csv, writes])", {0: 48.0, 60: 100.0}),
    ("MAX([json, gaps])", {0: 100.0, 60: 200.0, 180: 8.0}),  # over the points that there are
    ("SUM([json*2, csv])", {0: 298.0, 60: 600.0}),
    ("SUM(FILL([json, gaps], 0))", {0: 100.0, 60: 204.0, 120: 0.0, 180: 8.0}),
    ("FILL(gaps, 0)", {0: 0.0, 60: 4.0, 120: 0.0, 180: 8.0}),
    ("FILL(none, 1)", {0: 1.0, 60: 1.0, 120: 1.0, 180: 1.0}),
    ("FILL(gaps, -1)", {0: -1.0, 60: 4.0, 120: -1.0, 180: 8.0}),
    ("FILL(gaps, AVG(gaps))", {0: 6.0, 60: 4.0, 120: 6.0, 180: 8.0}),
    ("FILL(gaps, json)", {0: 100.0, 60: 4.0, 180: 8.0}),
    ("FILL(gaps, SUM(none))", {60: 4.0, 180: 8.0}),
    ("FILL(gaps, REPEAT)", {0: 4.0, 60: 4.0, 120: 4.0, 180: 8.0}),
    ("FILL(gaps, LINEAR)", {0: 4.0, 60: 4.0, 120: 6.0, 180: 8.0}),
    ("FILL(none, REPEAT)", {}),
    ("FILL(none, LINEAR)", {}),
    ("json + FILL(none, 0)", {0: 100.0, 60: 200.0}),
    ("RATE(json)", {60: 100 / 60}),  # the first point has none
    ("RATE(gaps)", {180: 4 / 120}),  # since the point before, however long ago
    ("RATE(none)", {}),
    ("SUM(RATE([json, csv]))", {60: 100 / 60 + 102 / 60}),
    ("DIFF(json)", {60: 100.0}),
    ("ABS(-json)", {0: 100.0, 60: 200.0}),
    ("CEIL(writes / 5)", {0: 10.0, 60: 20.0}),
    ("FLOOR(writes / 5)", {0: 9.0, 60: 20.0}),
    ("json > 150", {0: 0.0, 60: 1.0}),
    ("json >= 100 AND csv < 100", {0: 1.0, 60: 0.0}),
    ("json == 200 || csv != 200", {0: 1.0, 60: 1.0}),
    ("json > 150 && csv > 150", {0: 0.0, 60: 1.0}),
    ("IF(json > 150, json, 0)", {0: 0.0, 60: 200.0}),
    ("IF(json > 150, csv)", {60: 200.0}),  # without an alternative there is no point
    ("IF(gaps, json, 1)", {60: 200.0}),  # a point where the condition and what it chooses have one
    ("IF(zero, 1, json)", {0: 100.0, 60: 1.0}),
    ("IF(SUM(none) > 1, json, csv)", {}),
    ("IF(SUM(json) > 1, json, csv)", {0: 100.0, 60: 200.0}),
    ("IF(json <= 100, 1, IF(json <= 200, 2, 3))", {0: 1.0, 60: 2.0}),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_it_computes(text, expected):
    assert evaluate(parse(text), VALUES, GRID) == expected


REFUSED = [
    ("", "Invalid syntax"),
    ("json +", "Invalid syntax"),
    ("json ** 2", "Invalid syntax"),
    ("json // 2", "Invalid syntax"),
    ("json % 2", "Invalid syntax"),
    ("1 < json < 5", "Invalid syntax"),
    ("json = 5", "Invalid syntax"),
    ("json & csv", "Invalid syntax"),
    ("!json", "Invalid syntax"),
    ("IF(json)", "Wrong arguments of function 'IF'"),
    ("IF([json], 1, 2)", "Invalid syntax"),
    ("RATE(5)", "Unsupported operand type for RATE: 'Scalar'"),
    ("RATE(json, csv)", "Wrong arguments of function 'RATE'"),
    ("json # comment", "Invalid syntax"),
    ("0x10 * json", "Invalid syntax"),
    ("1_000 * json", "Invalid syntax"),
    ("1j * json", "Invalid syntax"),
    ("'json'", "Invalid syntax"),
    ("json.real", "Invalid syntax"),
    ("json[0]", "Invalid syntax"),
    ("[json, csv]", "Invalid syntax"),
    ("SUM([])", "Invalid syntax"),
    ("SUM([json, [csv]])", "Invalid syntax"),
    ("JSON * 2", "Invalid syntax"),
    ("lambda: 1", "Invalid syntax"),
    ("(" * 300 + "json" + ")" * 300, "Invalid syntax"),
    ("ANOMALY(json)", "Function 'ANOMALY' not found"),
    ("sum(json)", "Function 'sum' not found"),
    ("__import__(os)", "Function '__import__' not found"),
    ("SUM(json, csv)", "Wrong arguments of function 'SUM'"),
    ("FILL(json)", "Wrong arguments of function 'FILL'"),
    ("json + " * 200 + "json", "Expression is longer than 1024 characters"),
    ("SUM(json)", "The final result of the expression must be a single time series"),
    ("1 + 2", "The final result of the expression must be a single time series"),
    ("FILL([json, csv], 0)", "The final result of the expression must be a single time series"),
    ("SUM(5)", "Unsupported operand type for SUM: 'Scalar'"),
    ("FILL(5, 0)", "Unsupported operand type for FILL: 'Scalar'"),
    ("SUM([5])", "An array may hold time series only"),
    ("FILL([json], 0) + csv", "Unsupported operand type(s) for +: 'Array' and 'Time Series'"),
    ("nobody * 2", "Unknown metric id 'nobody'"),
    ("1e999 * json", "Invalid syntax"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_it_refuses_what_is_not_of_the_grammar(text, message):
    with pytest.raises(ExpressionError) as refused:
        evaluate(parse(text), VALUES, GRID)
    assert str(refused.value) == message


def test_it_names_what_an_expression_needs_once_each():
    assert parse("SUM([json, FILL(csv, REPEAT)]) / json").names == ("json", "csv")


NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
SERIES = st.dictionaries(st.sampled_from(GRID), NUMBERS)


@given(left=SERIES, right=SERIES, sign=st.sampled_from("+-*/"))
def test_an_operator_works_point_by_point_and_yields_finite_numbers(left, right, sign):
    result = evaluate(parse(f"m1 {sign} m2"), {"m1": left, "m2": right}, GRID)
    operate = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[sign]
    for second in left.keys() & right.keys():
        if sign == "/" and right[second] == 0:
            assert second not in result
        elif second in result:
            assert result[second] == operate(left[second], right[second])
    assert all(math.isfinite(value) for value in result.values())
    assert result.keys() <= left.keys() & right.keys()


@given(series=SERIES, how=st.sampled_from(["0", "REPEAT", "LINEAR"]))
def test_fill_keeps_every_point_and_leaves_no_gap(series, how):
    filled = evaluate(parse(f"FILL(m1, {how})"), {"m1": series}, GRID)
    assert {second: filled[second] for second in series} == series
    assert list(filled) == GRID or (not series and how != "0")


@given(messages=st.integers(1, 10_000), csv=st.integers(0, 10_000), writes=st.integers(0, 10_000))
def test_the_labs_formula_is_the_share_that_is_not_out(messages, csv, writes):
    values = {"json": {0: float(messages)}, "csv": {0: float(csv)}, "writes": {0: float(writes)}}
    in_flight = evaluate(parse("((2*json-(csv+writes))/(2*json))*100"), values, [0])[0]
    assert in_flight == pytest.approx(100 * ((messages - csv) + (messages - writes)) / (2 * messages))


@given(st.text(max_size=60))
def test_no_text_does_anything_but_compute_or_be_refused(text):
    with suppress(ExpressionError):
        evaluate(parse(text), VALUES, GRID)
