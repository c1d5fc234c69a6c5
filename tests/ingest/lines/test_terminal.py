"""Text that was written for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.lines.terminal import WINDOW, TerminalText, without_sequences

ESC = "\x1b"


def readable(text: str, is_log: bool = True) -> str:
    terminal = TerminalText(is_log)
    return terminal.add(text) + terminal.finish()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (f"{ESC}[31;1mERROR{ESC}[0m bad\n", "ERROR bad\n"),
        (f"{ESC}[38;5;196mred{ESC}[48:2::1:2:3mblue{ESC}[K\n", "redblue\n"),
        (f"{ESC}(B{ESC}[mstart{ESC}=\n", "start\n"),
        (
            f"{ESC}]0;title\x07shell$ ls{ESC}]8;;http://x{ESC}\\link{ESC}]8;;{ESC}\\\n",
            "shell$ lslink\n",
        ),
        ("\x9b32mgreen\x9b0m \x9d0;title\x9cup\n", "green up\n"),
        (f"one{ESC}[3Ctwo{ESC}[5;9Hthree\n", "one   two three\n"),
        (f"{ESC}[?25l{ESC}[2J{ESC}chello\x07\n", "hello\n"),
        ("\\u001b[31mERROR\\u001b[0m #033[1mx#033[0m ^[[32mok^[[0m\n", "ERROR x ok\n"),
        ("N\bNA\bAM\bME\bE _\bu_\bp a\b_b\b_\n", "NAME up ab\n"),
        ("spin |\b/\b-\b\\\bdone\n", "spin done\n"),
        ("10%\r20%\r100%\ndone\r\n", "100%\ndone\n"),
        (f"get 1/9 [#  ]\r{ESC}[2Kget 9/9 [###]\r\r\nend", "get 9/9 [###]\nend"),
        (f"get 10%{ESC}[1Gget 99%\n", "get 99%\n"),
        ("one\rtwo\rthree\n", "one\ntwo\nthree\n"),
        ("plain\ttext ½ naïve\n", "plain\ttext ½ naïve\n"),
        ("a lone \x1b at the end\x1b\n", "a lone  at the end\n"),
    ],
)
def test_a_log_is_what_people_saw_on_the_terminal(text, plain):
    assert readable(text) == plain


def test_a_text_keeps_every_line_that_a_carriage_return_ends():
    assert readable("Ann 10%\rAnn 20%\r", is_log=False) == "Ann 10%\nAnn 20%\n"


def test_notes_say_what_was_left_out():
    terminal = TerminalText(is_log=True)
    terminal.add(f"{ESC}[1m10%\r20%\r30%\n")
    assert list(terminal.notes()) == [
        "Control sequences for terminals, such as colours, were left out.",
        "Earlier drawings of progress lines were left out: 2.",
    ]
    assert list(TerminalText(is_log=True).notes()) == []


TOKENS = st.sampled_from(
    [
        "a",
        "word ",
        "\n",
        "\r",
        "\r\n",
        "\b",
        ESC,
        "[",
        "[31m",
        f"{ESC}[0m",
        "10%",
        "\x9b1m",
        "\\u001b[1m",
    ]
    + [f"{ESC}]0;", "\x07", "x" * 3000, f"{ESC}[31m" * 400, "get 7% ##\r" * 300]
)


@given(st.lists(TOKENS, max_size=30), st.lists(st.integers(1, 3000), min_size=1), st.booleans())
def test_the_pieces_in_which_a_text_arrives_do_not_matter(tokens, sizes, is_log):
    text, terminal = "".join(tokens), TerminalText(is_log)
    start, parts = 0, []
    while start < len(text):
        size = sizes[len(parts) % len(sizes)]
        parts.append(terminal.add(text[start : start + size]))
        start += size
        terminal = TerminalText.from_dict(terminal.as_dict(), is_log)
        assert len(terminal.held) < 2 * WINDOW
    parts.append(terminal.finish())
    whole = TerminalText(is_log)
    assert "".join(parts) == whole.add(text) + whole.finish()
    assert list(terminal.notes()) == list(whole.notes())
    assert "\r" not in "".join(parts)


@given(st.text(alphabet=f"{ESC}[]\x9b\x9d0;m\\(Ba\x07 ", max_size=200))
def test_no_escape_is_left(text):
    assert ESC not in readable(text) and ESC not in without_sequences(text)
