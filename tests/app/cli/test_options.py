"""The model's options as they are typed, in the types of `ModelOptions`."""

from typing import Any

import pytest

from app.cli.options import takes_model_options


def parsed(**typed: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def command(options: dict[str, Any]) -> None:
        found.append(options)

    takes_model_options(command)(**{**dict.fromkeys(OPTIONS), **typed})
    return found[0]


OPTIONS = ("model", "ahn", "window", "sinks", "dtype", "kv_dtype", "quantize", "device",
           "positions", "retain")  # fmt: skip


@pytest.mark.parametrize("name", ["ahn", "window", "quantize"])
def test_none_is_a_value_of_what_can_be_left_out(name):
    assert parsed(**{name: "none"}) == {name: None}


@pytest.mark.parametrize("name", ["model", "dtype", "kv_dtype", "device", "positions"])
def test_none_is_an_unknown_name_for_what_cannot(name):
    assert parsed(**{name: "none"}) == {name: "none"}


@pytest.mark.parametrize("name", ["sinks", "retain"])
def test_a_number_of_tokens_is_not_none(name):
    assert parsed(**{name: "7"}) == {name: 7} and parsed(**{name: "auto"}) == {name: "auto"}
    for wrong in ("none", "-1", "1.5", "True", "", "9" * 10):
        with pytest.raises(ValueError, match=f"--{name} takes a number of tokens or 'auto'; got"):
            parsed(**{name: wrong})
