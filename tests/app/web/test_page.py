"""The page's HTML is escaped and its figures are right, its actions work, and it builds."""

import csv
import io
import socket
from dataclasses import replace
from html import escape

import gradio as gr
import pytest
from PIL import Image

from app.errors import PortTaken
from app.service.report import saved
from app.web.chat import html as chat_views
from app.web.formatting import counted, duration, size
from app.web.savings.actions import SavingsActions
from app.web.savings.html import as_csv
from app.web.savings.memory_bar import memory_html, parts
from app.web.savings.plots import AS_RUN, PAPER, plots
from app.web.savings.png import as_png
from app.web.sidebar.actions import SessionActions
from app.web.sidebar.html import session_label
from app.web.sources.html import documents_html
from storage import DocumentState, MessageRow, ReadingSpeed
from tests.support.service import read_in_part, wait_until_read

HOSTILE = "<script>alert(1)</script> \U0001f980 <|im_end|>"
PASSAGE = {
    "number": 1,
    "document": HOSTILE,
    "locator": "page 1",
    "text": "<img onerror=y>",
    "document_id": 3,
    "segment_id": 7,
    "cited": True,
    "is_read": True,
    "is_replaced": False,
}


def test_chips_tell_cited_passages_from_those_only_looked_at():
    given = {**PASSAGE, "number": 2, "segment_id": 8, "cited": False, "is_read": False}
    given["is_replaced"] = True
    assert [chat_views.chip_text(passage) for passage in (PASSAGE, given)] == [
        f"[1] {HOSTILE}, page 1",
        f"[2] {HOSTILE}, page 1 (also looked at, of an older version, not yet read)",
    ]


def message(id: int, role: str, text: str, **details: object) -> MessageRow:
    citations = details.pop("citations", [])
    return MessageRow(id, 1, role, text, 0, citations, details, created_at="2024-01-01T00:00:00Z")


def test_every_answer_has_chips_of_the_passages_that_it_cites():
    answer = {"citations": [PASSAGE], "passages": [PASSAGE]}
    said = [
        message(1, "user", HOSTILE),
        message(2, "assistant", "It is.", **answer),
        message(3, "user", "And?"),
        message(4, "assistant", "It was.", **answer),
    ]
    shown = chat_views.conversation(said)
    assert "<script>" not in shown and shown.count(escape(HOSTILE)) == 3  # the question, the chips
    assert shown.count('class="option" data-do="open" data-id="7"') == 2


def test_documents_html_has_the_buttons_that_each_state_allows(make_service, tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("A short text.\n", encoding="utf-8")
    service = make_service()
    service.sessions.create("s")
    service.documents.add("s", path)
    status = service.documents.list("s")[0]
    for state, wanted in {
        DocumentState.INDEXING: ["cancel"],
        DocumentState.QUEUED: ["pause", "cancel"],
        DocumentState.READING: ["pause", "cancel"],
        DocumentState.PAUSED: ["resume", "cancel", "remove"],
        DocumentState.DONE: ["remove"],
        DocumentState.FAILED: ["resume", "remove"],
        DocumentState.CANCELLED: ["resume", "remove"],
    }.items():
        row = replace(status.document, state=state, title=HOSTILE)
        page = documents_html([replace(status, document=row)], "<notice>")
        assert [word for word in wanted if f'data-do="{word}"' in page] == wanted
        assert page.count("data-do=") == len(wanted) + 3  # the tick, the title, the notes
        assert "<script>" not in page and "<notice>" not in page
    service.close()


def test_all_notes_on_a_document_are_on_the_page_and_very_many_are_folded(make_service, tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("A short text.\n", encoding="utf-8")
    service = make_service()
    service.sessions.create("s")
    service.documents.add("s", path)
    status = service.documents.list("s")[0]
    service.close()

    def page(count):
        notes = [f"Note <{i}>." for i in range(count)]
        row = replace(status.document, notes=notes, error="It failed.")
        return documents_html([replace(status, document=row)], "")

    assert page(6).count('<div class="problem">') == 7 and "<details" not in page(6)
    folded = page(17)
    assert all(f"Note &lt;{i}&gt;." in folded for i in range(17))
    before, _, inside = folded.partition("<summary>and 12 more</summary>")
    assert "Note &lt;4&gt;" in before and "Note &lt;5&gt;" in inside
    assert "It failed." in inside.partition("</details>")[2], "an error is never folded"


@pytest.fixture
def report(make_service):
    service = make_service()
    service.sessions.create("s")
    return service.sessions.report("s")


def test_memory_html_draws_the_parts_that_the_session_holds(report):
    few = replace(report, tokens=1000, window=2048, sinks=128)
    assert [part.tokens for part in parts(few)] == [1000]
    many = replace(few, tokens=100_000)
    assert [(part.kind, part.tokens) for part in parts(many)] == [
        ("exact", 128),
        ("gist", 97_824),
        ("exact", 2048),
    ]
    assert "97,824 tokens" in memory_html(many)
    without = replace(many, memory_status="none", sinks=0)
    assert [part.kind for part in parts(without)] == ["gist", "exact"]
    assert "Gone from the model" in memory_html(without)
    assert "Nothing was read yet" in memory_html(report)


def test_plots_and_csv_follow_both_conventions(report):
    one = replace(report, counted_tokens=[0, 64], counted_flops=[0, 5], counted_flops_full=[0, 9])
    cache, flops, speed = plots(one, AS_RUN)
    assert len(cache.data) == 2 * len(one.curve_tokens) and len(flops.data) == 4
    assert flops.data["FLOPs"].max() == 9 / 1e12
    assert len(speed.data) == 0
    cache, flops, _ = plots(one, PAPER)
    assert cache.y_title == "cache in million elements"
    assert flops.data["FLOPs"].max() == max(one.curve_paper_flops_full) / 1e12
    rows = {row["tokens"]: row for row in csv.DictReader(as_csv(one).splitlines())}
    assert (rows["64"]["flops"], rows["64"]["flops_full"]) == ("5", "9")
    assert len(rows) > 40 and all(row["tokens_per_second"] == "" for row in rows.values())


def reading_speed(position: int, tokens: int, seconds: float) -> ReadingSpeed:
    return ReadingSpeed("2031-01-25T06:12:00.000000+00:00", position, tokens, seconds)


def test_the_speed_plot_is_level_between_checkpoints_and_in_the_csv(report):
    one = replace(report, speeds=[reading_speed(8192, 8192, 64), reading_speed(9216, 1024, 128)])
    speed = plots(one, AS_RUN)[2]
    assert speed.x_title == "minutes of reading" and speed.y_title == "tokens per second"
    assert [round(at * 60) for at in speed.data[speed.x]] == [0, 64, 64, 192]
    assert list(speed.data[speed.y]) == [128, 128, 8, 8]
    assert speed.y_limits == pytest.approx((0, 140.8))
    assert speed.data["read at"][3] == "2031-01-25 06:12 UTC"
    rows = {row["tokens"]: row for row in csv.DictReader(as_csv(one).splitlines())}
    assert float(rows["9216"]["tokens_per_second"]) == 8 and rows["9216"]["read_tokens"] == "1024"
    assert plots(replace(one, speeds=[reading_speed(60, 60, 0.3)]), PAPER)[2].x_title.startswith(
        "sec"
    )


def picture(data: bytes) -> Image.Image:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_as_png_draws_a_panel_for_each_plot_on_white(report):
    without = picture(as_png(report, "s", AS_RUN))
    drawn = picture(as_png(replace(report, speeds=[reading_speed(64, 64, 1)]), "s", AS_RUN))
    assert drawn.width == without.width * 3 // 2 and drawn.height == without.height
    assert {drawn.getpixel((x, 1)) for x in range(drawn.width)} == {(255, 255, 255)}
    teal = sum(n for n, colour in drawn.getcolors(1 << 24) if colour == (0x0D, 0x94, 0x88))
    assert teal > 1000


@pytest.mark.parametrize("name", [r"$\nosuch$", f"{HOSTILE} \u706f\u53f0"])
def test_as_png_writes_any_session_name_literally(report, name):
    """A name is no formula, and characters that the font lacks give no warning (an error here)."""
    short, long = (picture(as_png(report, n, PAPER)) for n in (name, f"{name} {'long ' * 30}"))
    assert short.width == long.width and short.height < long.height


def test_sessions_without_a_name_are_numbered_and_copies_too(make_service):
    service = make_service()
    act = SessionActions(service)
    for expected in ("Session 1", "Session 2"):
        act.create("")
        assert expected in [s.session.name for s in service.sessions.list()]
    act.duplicate("Session 1")
    act.duplicate("Session 1")
    names = {s.session.name for s in service.sessions.list()}
    assert {"Session 1 (copy)", "Session 1 (copy 2)"} <= names
    summary = replace(
        service.sessions.list()[0],
        tokens_read=500,
        token_count=1000,
        open_count=1,
        byte_count=65_000_000,
    )
    assert session_label(summary).endswith("\n50% of 1,000 tokens · 65.0 MB")


@pytest.mark.filterwarnings("ignore")
def test_the_page_builds(make_service):
    from app.web.page import build

    page = build(make_service()).blocks
    assert {"Chat", "Search documents", "Memory & savings"} <= {
        b.label for b in page.blocks.values() if hasattr(b, "label")
    }


@pytest.mark.filterwarnings("ignore")
def test_check_port_refuses_a_port_in_use():
    from app.web.server import check_port

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken, match="--port"):
            check_port("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("seconds, expected", [(5, "5 s"), (65, "1 min 5 s"), (3700, "1 h 1 min")])
def test_duration_has_the_two_largest_units(seconds, expected):
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    "count, expected",
    [(0, "0 bytes"), (1500, "1.5 kB"), (64_800_000, "64.8 MB"), (3 * 10**9, "3.0 GB")],
)
def test_size_has_the_largest_unit_that_fits(count, expected):
    assert size(count) == expected


def test_counted_has_a_plural():
    assert [counted(n, "page") for n in (1, 2000)] == ["1 page", "2,000 pages"]


def test_saved_is_zero_and_not_negative_if_nothing_is_saved():
    assert saved(5, 4) == 0 and saved(0, 0) == 0 and saved(1, 4) == 0.75


def test_the_savings_tick_renews_only_what_changed(make_service, book):
    service = make_service(checkpoint_tokens=512)
    document = read_in_part(service, "s", book)
    act = SavingsActions(service)
    *shown, seen = act.tick("s", AS_RUN, None)
    assert all(part != gr.skip() for part in shown)
    assert act.tick("s", AS_RUN, seen) == (*[gr.skip()] * 7, seen), "nothing changed"
    assert act.tick("gone", AS_RUN, seen) == (*[gr.skip()] * 7, seen), "deleted elsewhere"
    assert act.shown("s", AS_RUN)[-1] == seen, (
        "what was shown when the tab was opened is not drawn again"
    )
    service.documents.resume(document.id)
    wait_until_read(service, "s")
    *shown, now = act.tick("s", AS_RUN, seen)
    assert now != seen and all(part != gr.skip() for part in shown)
    further = (now[0], now[1] - 1, now[2])  # no checkpoint since, but another chunk
    assert act.tick("s", AS_RUN, further)[3:] == (*[gr.skip()] * 4, now)


def test_the_selection_is_cleared_only_if_the_session_is_missing_twice(make_service):
    service = make_service()
    service.sessions.create("old")
    act = SessionActions(service)
    *_, seen = act.tick(service.sessions.presence("old"), "", None)
    assert act.tick(service.sessions.presence("old"), "", seen) == (gr.skip(),) * 3
    service.sessions.rename("old", "new")
    radio, _, seen = act.tick(
        service.sessions.presence("old"), "", seen
    )  # under way when this page renamed it
    assert radio._constructor_args[0] == {"choices": radio.choices}
    assert (
        "value" not in act.tick(service.sessions.presence("new"), "", seen)[0]._constructor_args[0]
    )
    radio, *_ = act.tick(service.sessions.presence("old"), "", seen)
    assert radio._constructor_args[0]["value"] is None, "another page renamed it"


@pytest.mark.filterwarnings("ignore")
def test_whether_the_savings_are_live_is_decided_in_the_browser_and_takes_no_turn(make_service):
    """The server's answers to two quick selections of tabs can change places on a busy machine."""
    from app.web.page import build

    blocks = build(make_service()).blocks
    (is_open,) = [
        number
        for number, block in blocks.blocks.items()
        if getattr(block, "label", None) == "Whether the savings are shown"
    ]
    setting = [each for each in blocks.config["dependencies"] if is_open in each["outputs"]]
    assert len(setting) == 3
    assert not any(each["backend_fn"] for each in setting)
    assert sum("active: true}, true]" in each["js"] for each in setting) == 1
