"""What a request has wrong is said in sentences."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Problem, together
from app.web.mistakes import place, sentence


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    store: str
    rate: Annotated[float, Field(gt=0, le=1)] = 1
    many: Annotated[int, Field(ge=1)] = 1
    on: bool = True
    way: Literal["a", "b"] = "a"
    name: Annotated[str, Field(max_length=3)] = ""
    month: Annotated[str, Field(pattern="^'?[0-9]+$")] = "1"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "It is missing. Add it."),
        ({"rate": 0}, "It has to be more than 0.0."),
        ({"rate": 2}, "It has to be 1.0 or less."),
        ({"rate": "x"}, "It has to be a number."),
        ({"many": 0}, "It has to be 1 or more."),
        ({"many": "x"}, "It has to be a whole number."),
        ({"on": 5}, "It has to be true or false."),
        ({"way": "c"}, "It has to be a or b."),
        ({"name": "long"}, "It may have 3 characters at most."),
        ({"month": "x"}, "It has to match “^'?[0-9]+$”."),
        ({"stroe": 1}, "There is no such field."),
        ({"store": 5}, "It has to be a text."),
    ],
)
def test_each_is_a_sentence_of_ours(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Given.model_validate({"store": "s", **given} if given else given)
    assert [sentence(one) for one in caught.value.errors()] == [said]


def test_what_is_not_known_is_said_as_it_came_and_ends_once() -> None:
    assert sentence({"type": "value_error", "msg": "Value error, That is no store."}) == "That is no store."


def test_a_body_that_can_not_be_read_is_said_with_our_quotes_and_has_no_place() -> None:
    one = {"type": "json_invalid", "loc": ("body", 7), "ctx": {"error": "Expecting ',' delimiter"}}
    assert (sentence(one), place(one)) == ("The body is not JSON: Expecting “,” delimiter.", "")


@pytest.mark.parametrize(
    ("loc", "told"),
    [
        (("body", "stop", 0, "above"), "stop[0].above"),
        (("query", "wait"), "wait"),
        (("header", "If-Match"), "If-Match"),
        (("variables", "path"), "variables.path"),
        ((), ""),
    ],
)
def test_a_place_is_told_as_everywhere(loc: tuple[Any, ...], told: str) -> None:
    assert place({"type": "missing", "loc": loc}) == told


def test_several_read_as_sentences() -> None:
    problems = (Problem(path="store", message="It is missing. Add it."), Problem(message="No."))
    assert together(problems) == "store: It is missing. Add it. No."
