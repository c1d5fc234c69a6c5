"""The measure of a memory: zero where it adds nothing, paired and spread over documents."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.memory import Place, measure, summarise

ROOT = Path(__file__).parents[2]
SIZES = {"windows": [48, 96], "sinks": 4, "length": 300, "scored": 60}


@pytest.fixture
def texts(tmp_path):
    paths = []
    for i in range(2):
        path = tmp_path / f"{i}.txt"
        path.write_text(f"The keeper number {i} lit a lamp and read of the sea. " * 20)
        paths.append(path)
    return paths


def test_a_memory_that_adds_nothing_gains_nothing(tiny_dir, texts):
    places = list(measure(str(tiny_dir), "untrained:GatedDeltaNet", texts, **SIZES))
    assert len(places) == 4
    for place in places:
        assert place.window_divergence > 0
        assert place.memory_divergence == pytest.approx(place.window_divergence, abs=1e-6)


def test_a_memory_that_adds_something_changes_the_measure(tiny_dir, texts):
    for place in measure(str(tiny_dir), "auto", texts, **SIZES):
        assert abs(place.memory_divergence - place.window_divergence) > 1e-3


def test_a_window_over_the_whole_text_is_refused(tiny_dir, texts):
    with pytest.raises(ValueError, match="leaves nothing beyond it"):
        list(measure(str(tiny_dir), "auto", texts, [290], 4, 300, 60))


def test_texts_that_are_too_short_are_skipped(tiny_dir, texts):
    assert list(measure(str(tiny_dir), "auto", texts, [48], 4, 30_000, 60)) == []


def test_means_are_paired_and_spread_over_documents():
    places = [Place(str(i), 64, 1.0, 1.5, 1.25, w, m) for i, (w, m) in enumerate([(4, 3), (2, 0)])]
    (row,) = summarise(places)
    assert (row.documents, row.window_divergence, row.memory_divergence) == (2, 3.0, 1.5)
    assert row.gain == 1.5 and row.gain_share == 0.5
    assert row.gain_plus_minus == pytest.approx(1.96 * math.sqrt(0.5) / math.sqrt(2))
    (alone,) = summarise(places[:1])
    assert math.isnan(alone.gain_plus_minus)


def test_the_command_prints_json_and_tells_what_is_wrong(tiny_dir, texts):
    command = [sys.executable, "launch.py", "evaluate", "memory", *map(str, texts)]
    command += ["--model", str(tiny_dir), "--sinks", "4", "--length", "300", "--scored", "60"]
    done = subprocess.run(
        [*command, "--windows", "48", "--json"], cwd=ROOT, capture_output=True, text=True
    )
    (row,) = json.loads(done.stdout)
    assert row["window"] == 48 and row["documents"] == 2
    wrong = subprocess.run(
        [*command, "--windows", "many"], cwd=ROOT, capture_output=True, text=True
    )
    assert wrong.returncode == 1 and "--windows takes numbers" in wrong.stderr
