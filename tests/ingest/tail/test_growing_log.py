"""A growing log: with any pieces and restarts, the segments are those of the whole log."""

from hypothesis import given
from hypothesis import strategies as st

from ingest import EmptyDocument, GrowingLog, Limits, open_document
from ingest.lines.log import log_segments

SMALL = Limits(target_segment_chars=20, max_segment_chars=40)
PIECES = st.lists(
    st.text(alphabet="ab .\né", max_size=90) | st.just("06:00:01 up\n"), min_size=1, max_size=8
)
TERMINAL = st.lists(
    st.sampled_from(
        [
            "06:00:01 up\n",
            "06:00:02 bad\n",
            "\x1b[31m",
            "[0m",
            "\x1b",
            "10%\r",
            "20%",
            "\r",
            "\n",
            "a\b",
            "at x ",
        ]
    ),
    min_size=1,
    max_size=30,
)


@given(PIECES)
def test_settled_and_open_segments_of_a_growing_log_are_those_of_the_whole(pieces):
    log, settled = GrowingLog(limits=SMALL), []
    for piece in pieces:
        settled += log.add(piece)
    whole = "".join(pieces)
    assert settled + log.open == list(log_segments([whole], SMALL))
    assert log.line_count == whole.count("\n") + (whole[-1:] not in ("", "\n"))


@given(PIECES)
def test_a_growing_log_made_from_its_open_text_continues_there(pieces):
    log, settled = GrowingLog(limits=SMALL), []
    for piece in pieces:
        settled += log.add(piece)
        text = "".join(segment.text for segment in log.open)
        log = GrowingLog.from_dict(log.as_dict(), text, SMALL)
    assert settled + log.open == list(log_segments(["".join(pieces)], SMALL))


def test_the_last_lines_of_a_growing_log_are_open_segments_at_once():
    log = GrowingLog()
    assert log.add("06:00:01 up\n") == []
    (segment,) = log.open
    assert (segment.text, str(segment.locator)) == ("06:00:01 up\n", "line 1 (06:00:01)")


@given(TERMINAL)
def test_a_growing_log_for_a_terminal_is_shown_as_the_finished_one(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("logs") / "a.log"
    whole = "".join(pieces)
    path.write_bytes(whole.encode())
    log, settled = GrowingLog(limits=SMALL), []
    for piece in pieces:
        settled += log.add(piece)
        text = "".join(segment.text for segment in log.open)
        log = GrowingLog.from_dict(log.as_dict(), text, SMALL)
    document = open_document(path, limits=SMALL)
    try:
        segments = list(document.segments())
    except EmptyDocument:
        return
    assert settled + log.open == segments
    assert list(log.notes()) == document.notes
    assert log.line_count == document.unit_count
