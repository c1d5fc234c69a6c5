"""Search measured on two small tales, with figures worked out by hand; and its errors."""

import json
import subprocess
import sys

import pytest

from benchmarks import retrieval
from tests.support.paths import ROOT

LIGHT = "The keeper Mairead kept a parrot. The parrot Ozymandias sat on the third stair."
MILL = "The miller Tom ground rye all day. His donkey Bosun carried the flour uphill."
TALES = [
    {
        "id": "the-light",
        "story": LIGHT,
        "questions": [
            {"question": "Which parrot sat on the stair?", "answers": ["Ozymandias"]},
            # Right, but not word for word, so that it is not among those that are counted.
            {"question": "Where did the parrot sit?", "answers": ["high up in the tower"]},
        ],
    },
    {
        "id": "the-mill",
        "story": MILL,
        "questions": [
            {"question": "Which donkey carried the flour?", "answers": ["the grey one", "Bosun"]},
            # Its answer is there, but none of its words: no passage is found.
            {"question": "Whom did Gustav marry in Spain?", "answers": ["Tom"]},
        ],
    },
]


@pytest.fixture
def tale_file(tmp_path):
    def write(tales):
        path = tmp_path / "tales.jsonl"
        path.write_text("".join(json.dumps(tale) + "\n" for tale in tales), encoding="utf-8")
        return path

    return write


def test_the_figures_are_those_worked_out_by_hand(tale_file, tiny_dir, capsys):
    """Of the library, 2 of 3 questions are found. Of the own tale, 1 of 4 finds nothing.

    Another tale is asked four questions, two of which have no word in it; a parrot and a donkey are
    in their own tale only.
    """
    assert retrieval.run([str(tale_file(TALES)), "--model", str(tiny_dir)]) == 0
    head, asked, *lines = capsys.readouterr().out.splitlines()
    assert head.endswith("; 2 tales")
    assert asked.startswith("3 questions of the whole library, ")
    assert lines == [
        "  among the first 1: 66.7 %",
        "  among the first 3: 66.7 %",
        "  among the first 6: 66.7 %",
        "  in a passage that fits into the prompt: 66.7 %",
        "nothing found of 4 questions asked of its own tale: 25.0 % [4.6, 69.9]",
        "nothing found of 4 questions asked of another tale: 100.0 % [51.0, 100.0]",
    ]


ONE = json.dumps(TALES[0])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"{", "line 1"),
        (b"\xff\xfe\x00", "get the file again"),
        (b"[1, 2]", "line 1"),
        (b'{"id": "a"}', "line 1"),
        (ONE.encode(), "gives 1 tale; two or more are needed"),
    ],
)
def test_a_file_that_cannot_be_measured_is_refused_in_a_sentence(tmp_path, capsys, content, said):
    path = tmp_path / "tales.jsonl"
    path.write_bytes(content)
    assert retrieval.run([str(path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and said in shown.err and shown.err.count("\n") == 1


def test_tales_without_anything_to_count_are_refused(tale_file, capsys):
    mute = [{**tale, "questions": []} for tale in TALES]
    assert retrieval.run([str(tale_file(mute))]) == 1
    assert "no question whose answer stands word for word" in capsys.readouterr().err
    same = [{**TALES[0], "questions": TALES[0]["questions"][:1]}] * 2
    assert retrieval.run([str(tale_file(same))]) == 1
    assert "leaves a question of the next one unanswered" in capsys.readouterr().err


def test_the_command_ends_with_a_sentence_and_no_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.retrieval", str(tmp_path / "none.jsonl")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.strip().startswith("There is no file") and "Traceback" not in done.stderr
