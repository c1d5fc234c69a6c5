"""What int8 loses: the divergence by hand, and both models read the same."""

import numpy as np
import pytest
from typer.testing import CliRunner

from ahn_runtime import Runtime
from app.cli.main import cli
from evaluation.positions import summary
from evaluation.precision import Loss, _loss, measure, table
from evaluation.scoring import with_interval
from tests.support.paths import DATA

TEXT = DATA / "two_destinies.txt"


def test_the_divergence_is_that_of_the_formula_over_all_pieces():
    exact = np.log(np.array([[0.5, 0.5], [0.9, 0.1]], dtype=np.float32))
    pieces = [np.log(np.array([row], dtype=np.float32)) for row in ([0.25, 0.75], [0.9, 0.1])]
    loss = _loss("t", exact, iter(pieces))
    by_hand = (0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)) / 2
    assert loss.divergence == pytest.approx(by_hand, rel=1e-5) and loss.same_choice == 0.5
    assert not loss.is_within and Loss("t", 0.02, 0.92).is_within


def test_a_model_loses_nothing_against_itself_and_something_in_int8(tiny_dir):
    def load(quantize):
        return Runtime.load(tiny_dir, window=64, sinks=4, quantize=quantize)

    (same,) = measure(lambda quantize: load(None), [TEXT], 512)
    assert same.divergence == pytest.approx(0, abs=1e-9) and same.same_choice == 1
    (loss,) = measure(load, [TEXT], 512)
    assert 0 < loss.divergence < 1 and 0.5 < loss.same_choice <= 1
    assert loss.document in table([loss])


def test_the_command_fails_with_a_sentence_where_a_text_is_too_short(tiny_dir, tmp_path):
    short = tmp_path / "short.txt"
    short.write_text("Too short.")
    done = CliRunner().invoke(
        cli, ["evaluate", "precision", str(short), "--model", str(tiny_dir), "--window", "64"]
    )
    assert isinstance(done.exception, ValueError) and "No text has 1,536" in str(done.exception)


def test_an_interval_of_one_item_is_none():
    results = [{"absolute": 2.0, "cache": 2.5}]
    assert summary(results) == {"places": 1, "cache_minus_absolute": 0.5, "plus_minus": None}
    assert with_interval(0.5, None, "+.2f") == "+0.50"
    assert with_interval(-0.5, 0.25, "+.2f") == "-0.50 ± 0.25"
