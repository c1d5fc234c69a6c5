"""The factor for each window is the minimum of a parabola through the measurements."""

import json
import shutil

import pytest

from evaluation.calibrate import lowest
from tests.support import warm


@pytest.mark.parametrize(
    "means, factor",
    [
        ({0.0: 1.0, 0.5: 0.25, 1.0: 0.0}, 1.0),
        ({0.0: 0.09, 0.5: 0.04, 1.0: 0.49}, 0.3),
        ({0.0: 0.1, 0.5: 0.4, 1.0: 0.9}, 0.0),
        ({0.0: 0.1, 0.5: 0.4, 1.0: 0.3}, 0.0),
    ],
)
def test_lowest_is_the_minimum_of_the_parabola(means, factor):
    assert lowest(means) == pytest.approx(factor, abs=1e-6)


@pytest.mark.parametrize("retained", [0, 50])
def test_the_command_writes_the_factors_into_the_memorys_config(tiny_dir, tmp_path, retained):
    memory = shutil.copytree(tiny_dir, tmp_path / "memory")
    text = tmp_path / "text.txt"
    text.write_text(" ".join(f"word{i % 97}" for i in range(3000)))
    command = [
        *("calibrate", str(memory), str(text), "--json"),
        *("--model", str(tiny_dir), "--windows", "64", "--sinks", "4", "--length", "640"),
        *("--retained", str(retained)),
    ]
    done = warm.run(command, tmp_path / "command")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    factor, ways = found["64"], {row["way"] for row in found["measured"]}
    assert ("window, 50 % retained" in ways) is bool(retained)
    assert 0 <= factor <= 1
    assert json.loads((memory / "config.json").read_text())["ahn_window_scale"] == {"64": factor}


@pytest.mark.parametrize(
    "retained, says", [("1", "less than one token"), ("100", "than or equal to 99")]
)
def test_a_share_that_leaves_no_window_or_no_set_is_refused(tiny_dir, tmp_path, retained, says):
    text = tmp_path / "text.txt"
    text.write_text("word " * 900)
    command = ["calibrate", str(tiny_dir), str(text), "--model", str(tiny_dir), "--windows", "64"]
    done = warm.run([*command, "--sinks", "4", "--retained", retained], tmp_path / "command")
    assert done.returncode != 0
    assert says in done.stderr and "Traceback" not in done.stderr
