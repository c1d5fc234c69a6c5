"""The page builds, and nothing from outside is rendered as HTML."""

import socket

import pytest

from app.errors import PortTaken
from app.page.views import duration, pace, sources_html
from app.service.report import saved


def test_passages_and_titles_are_escaped():
    passage = {
        "number": 1,
        "document": "<script>x</script>",
        "locator": "page 1",
        "text": "<img onerror=y>",
        "cited": True,
        "is_read": True,
    }
    page = sources_html([passage], {})
    assert "<script>" not in page and "<img" not in page and "&lt;script&gt;" in page


def test_an_answer_without_passages_says_so():
    assert "No passage matched" in sources_html([], {})
    assert sources_html([]) == ""


def test_an_answer_tells_how_quick_it_was():
    details = {"first_word_s": 2.94, "prompt_tokens": 1412, "answer_tokens": 31, "seconds": 0.0}
    assert pace(details) == "First word after 2.9 s (1,412 tokens read again for it)"
    assert pace({**details, "seconds": 5.12}).endswith(", 31 tokens in 5.1 s")
    assert pace({**details, "first_word_s": 0.0}) == ""


@pytest.mark.filterwarnings("ignore")
def test_the_page_builds(make_service):
    from app.page.layout import build

    page = build(make_service())
    assert {"Chat", "Library", "Memory & savings"} <= {
        b.label for b in page.blocks.values() if hasattr(b, "label")
    }


@pytest.mark.filterwarnings("ignore")
def test_a_taken_port_is_told():
    from app.page.server import check_port

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken, match="--port"):
            check_port("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("seconds, said", [(5, "5 s"), (65, "1 min 5 s"), (3700, "1 h 1 min")])
def test_durations(seconds, said):
    assert duration(seconds) == said


def test_nothing_saved_is_zero():
    assert saved(5, 4) == 0 and saved(0, 0) == 0 and saved(1, 4) == 0.75
