"""From pydantic's errors to problems that say what was wrong, with the value, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from overfit_core.errors import Problem, SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

ModelT = TypeVar("ModelT", bound=BaseModel)
MAX_PROBLEMS = 50
"""More than a person reads; a hostile file could hold a million."""

MESSAGES: dict[str, str] = {
    "greater_than_equal": "{name} is {value}. The smallest value is {ge}.",
    "greater_than": "{name} is {value}. It must be above {gt}.",
    "less_than_equal": "{name} is {value}. The largest value is {le}.",
    "less_than": "{name} is {value}. It must be below {lt}.",
    "finite_number": "{name} is {value}. It must be a finite number.",
    "int_type": "{name} must be a whole number, not {value}.",
    "int_parsing": "{name} must be a whole number, not {value}.",
    "int_from_float": "{name} must be a whole number, not {value}.",
    "int_parsing_size": "{name} is {value}, which is too large.",
    "float_type": "{name} must be a number, not {value}.",
    "float_parsing": "{name} must be a number, not {value}.",
    "bool_type": "{name} must be true or false, not {value}.",
    "bool_parsing": "{name} must be true or false, not {value}.",
    "string_type": "{name} must be text, not {value}.",
    "string_unicode": "{name} holds characters that cannot be written as UTF-8. Leave them out.",
    "string_pattern_mismatch": "{name} is {value}, with characters that cannot be shown."
    " Leave them out.",
    "string_too_long": "{name} is longer than {max_length} characters. Shorten it.",
    "literal_error": "{name} is {value}, which is not known. Choose {expected}.",
    "extra_forbidden": "there is no setting called {name}. Leave it out.",
    "missing": "{name} is missing. Give it a value.",
    "too_long": "{name} has too many entries. At most {max_length} are taken.",
    "too_short": "{name} has too few entries. At least {min_length} is needed.",
    "tuple_type": "{name} must be a list, not {value}.",
    "dict_type": "{name} must be a table of settings by name, not {value}.",
    "model_type": "{name} must be a table of settings by name, not {value}.",
    "model_attributes_type": "{name} must be a table of settings by name, not {value}.",
    "union_tag_invalid": "there is no kind called {tag!r}. Choose one of {expected_tags}.",
    "union_tag_not_found": "an entry has no kind. Say which kind it is.",
}
"""What to say for pydantic's error types; `{name}` is the field, `{value}` what was given."""


def checked(model: type[ModelT], data: object) -> ModelT:
    """Return what ``data`` describes, as a pydantic model.

    Raises:
        SpecError: With a problem for each thing that is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise to_spec_error(error, data) from None


def to_spec_error(error: ValidationError, data: object) -> SpecError:
    """Return the problems of a failed validation of `data` as one `SpecError`."""
    problems: list[Problem] = []
    for details in error.errors(include_url=False)[:MAX_PROBLEMS]:
        problems += _problems(details, data)
    return SpecError(problems)


def _problems(details: Mapping[str, Any], data: object) -> list[Problem]:
    path = _without_tags(details["loc"], data)
    context: dict[str, Any] = details.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, SpecError):
        return [problem.under(*path) for problem in cause.problems]
    value = details["input"]
    if isinstance(cause, ValueError):
        return [Problem(path, f"{cause}.".replace("..", "."), value)]
    name = next((part for part in reversed(path) if isinstance(part, str)), "the spec")
    template = MESSAGES.get(details["type"])
    if template is None:
        return [Problem(path, f"{name} is {shown(value)}: {details['msg']}.", value)]
    known = {**context, "name": shown(name).strip("'"), "value": shown(value)}
    if "tag" in known:
        known["tag"] = known["tag"][:40]
    return [Problem(path, template.format(**known), value)]


def _without_tags(location: tuple[int | str, ...], data: object) -> tuple[int | str, ...]:
    """Drop the kinds that pydantic puts into a path where it told a union apart."""
    path: list[int | str] = []
    here: Any = data
    told_apart = False
    for part in location:
        is_table = isinstance(here, dict)
        if is_table and not told_apart and here.get("kind") == part:
            told_apart = True
            continue
        path.append(part)
        told_apart = False
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
    return tuple(path)
