"""Subtitles: passages of cues with their times."""

import pytest

from ingest import DamagedDocument, EmptyDocument

SRT = (
    "1\n00:00:01,000 --> 00:00:03,000 X1:10\n<i>The pilot</i> Ivar\nwaves.\n\n"
    '2\n00:01:04,000 --> 00:01:06,500\n{\\an8}<font color="red">The boat leaves.</font>\n'
)
VTT = (
    "WEBVTT - a title\n\nNOTE\nnot shown\n00:00 nothing\n\nSTYLE\n::cue { color: red }\n\n"
    "intro\n01:02.000 --> 01:05.000 align:start\n<v.loud Ada>Fish &amp; chips,\n\n"
    "01:05.000 --> 01:07.000\nNOTE: <c.x>shown</c> <00:01:06.000>as text.\n"
)


def read(document, text, name="a.srt"):
    opened = document(text.encode(), name)
    segments = list(opened.segments())
    return opened, segments, "".join(segment.text for segment in segments)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_subrip_is_read_without_numbers_times_and_tags(document, newline):
    opened, segments, text = read(document, SRT.replace("\n", newline))
    assert text == "The pilot Ivar\nwaves.\nThe boat leaves.\n"
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("subtitles", "cue", 2)
    assert str(segments[0].locator) == "cues 1–2 (00:00:01–00:01:06)"


def test_webvtt_keeps_speakers_and_leaves_out_notes_and_styles(document):
    opened, segments, text = read(document, VTT, "a.vtt")
    assert text == "Ada: Fish & chips,\nNOTE: shown as text.\n"
    assert str(segments[0].locator) == "cues 1–2 (00:01:02–00:01:07)"


@pytest.mark.parametrize("text", [SRT, VTT, "\ufeff" + SRT])
def test_subtitles_are_recognised_by_their_content(document, text):
    assert document(text.encode(), "film.txt").kind == "subtitles"


def test_rolling_captions_are_read_once(document):
    lines = ["one", "one\ntwo", "two\nthree", "three"]
    cues = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{text}\n" for n, text in enumerate(lines)]
    assert read(document, "WEBVTT\n\n" + "\n".join(cues), "a.vtt")[2] == "one\ntwo\nthree\n"


def cues(*shown):
    """Return a file of cues, each given as its first and last millisecond and its text."""

    def stamp(ms):
        return f"00:00:{ms // 1000:02},{ms % 1000:03}"

    return "\n".join(
        f"{number}\n{stamp(first)} --> {stamp(last)}\n{text}\n"
        for number, (first, last, text) in enumerate(shown, start=1)
    )


@pytest.mark.parametrize(
    "pause_ms", [80, 500, 3000], ids=["two frames", "half a second", "three seconds"]
)
def test_words_that_are_said_again_are_kept(document, pause_ms):
    step = 1000 + pause_ms
    said = ["No.", "No.", "No.", "Who?\nNo.", "No.\nNever."]
    text = read(document, cues(*((n * step, n * step + 1000, one) for n, one in enumerate(said))))[
        2
    ]
    assert text == "No.\nNo.\nNo.\nWho?\nNo.\nNo.\nNever.\n"


@pytest.mark.parametrize("gap_ms", [-400, 0, 1, 40], ids=["overlap", "touch", "rounded", "frame"])
def test_captions_that_roll_or_grow_without_a_pause_are_read_once(document, gap_ms):
    shown = ["one", "one\ntwo", "one\ntwo", "one\ntwo\nthree", "two\nthree", "three\nfour"]
    step = 1000 + gap_ms
    text = read(document, cues(*((n * step, n * step + 1000, one) for n, one in enumerate(shown))))[
        2
    ]
    assert text == "one\ntwo\nthree\nfour\n"


def test_a_refrain_that_is_shown_earlier_in_the_film_is_kept_where_the_order_is_lost(document):
    text = read(document, cues((9000, 9900, "Row!"), (2000, 2900, "Row!"), (5000, 5900, "Row!")))[2]
    assert text == "Row!\n" * 3


def test_a_passage_ends_with_a_sentence_where_it_can(document):
    words = ["It goes on and on in these many words", "and it ends at last with a full stop."]
    cues = [f"{n}\n00:{n:02}:00,000 --> 00:{n:02}:05,000\n{words[n % 2]}\n" for n in range(60)]
    _, segments, text = read(document, "\n".join(cues))
    assert len(segments) > 2 and all(segment.text.endswith("stop.\n") for segment in segments)
    assert text.count("stop.") == 30
    assert segments[1].locator.label == (
        f"00:{segments[1].locator.start - 1:02}:00–00:{segments[1].locator.end - 1:02}:05"
    )


@pytest.mark.parametrize(
    "text", ["No times here.\n", "WEBVTT\n\nNOTE only\n", "1\n00:00:01,0 -> x"]
)
def test_a_file_without_cues_is_refused(document, text):
    with pytest.raises(DamagedDocument, match="no subtitles"):
        read(document, text)


def test_a_cue_that_never_ends_is_bounded(document):
    _, segments, text = read(document, "1\n00:00:01,000 --> 00:00:02,000\n" + "word\n" * 900_000)
    assert 1_000_000 < len(text) <= 2_000_000


def test_empty_cues_give_no_segments(document):
    empty = "1\n00:00:01,000 --> 00:00:02,000\n<i>\n\n"
    _, segments, _ = read(document, empty + SRT)
    assert segments[0].locator.start == 2
    with pytest.raises(EmptyDocument):
        read(document, empty)


def test_utf_16_is_read_as_subtitles_too(document):
    opened = document(SRT.encode("utf-16"), "a.srt")
    text = "".join(segment.text for segment in opened.segments())
    assert (opened.kind, text) == ("subtitles", "The pilot Ivar\nwaves.\nThe boat leaves.\n")
