"""RTF: the text as people see it."""

import random

import pytest

from ingest import DamagedDocument, EmptyDocument, LimitExceeded, Limits

FONTS = (
    r"{\fonttbl{\f0\fnil\fcharset0 Times;}{\f1\fcharset204 Arial;}{\f2\fcharset2 Symbol;}"
    r"{\f3\fcharset128 MS Gothic;}}"
)
STYLES = r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\s2\outlinelevel1 Kapitel;}{\*\cs10 No;}}"


def make_rtf(body: str, head: str = FONTS + STYLES) -> bytes:
    return (r"{\rtf1\ansi\ansicpg1252\deff0" + head + body + "}").encode("latin-1")


def read(document, data, name="a.rtf", **options):
    opened = document(data, name, **options)
    segments = list(opened.segments())
    return opened, segments, "".join(segment.text for segment in segments)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"Hello {\b World}\par", "Hello World"),
        (r"caf\'e9, \u8364?5, \u-10179?\u-8704?\par", "café, €5, 😀"),
        (r"\uc2\u960\'70\'69 r\par", "π r"),
        (r"\uc0\u960 r\par", "πr"),
        (r"{\f1 \'cf\'f0\'e8\'e2\'e5\'f2}\par", "Привет"),
        (r"{\f3 \'93\'fa\'96\'7b}\par", "日本"),
        (r"\ldblquote a\rdblquote\emdash b\~c\line d\tab e\par", "“a”—b\u00a0c\nd\te"),
        (r"\{x\\y\}\par", r"{x\y}"),
        (r"10{\super 5} and H{\sub 2}O\par", "10⁵ and H₂O"),
        (r"{\strike gone} kept\par", "~~gone~~ kept"),
        (r"{\field{\*\fldinst HYPERLINK x}{\fldrslt the link}}\par", "the link"),
        (r"{\object{\*\objdata 0102}{\result shown}}\par", "shown"),
        (r"a{\pict\wmetafile8 0102}b{\*\unknown secret}\par", "ab"),
        (r"{\listtext\f2 \'b7\tab}Item\par", "•\tItem"),
        (r"{\info{\title No}{\author No}}Yes\par", "Yes"),
        ("one\r\ntwo\\\nthree\\par", "onetwo\n\nthree"),
        (r"{\htmlrtf no\htmlrtf0 yes{\*\htmltag64 <p>}}\par", "yes"),
        (r"no end", "no end"),
    ],
)
def test_the_text_is_what_people_see(document, body, text):
    opened, _, read_text = read(document, make_rtf(body))
    assert (opened.kind, read_text, opened.notes) == ("rtf", f"{text}\n\n", [])


def test_headings_begin_sections(document):
    body = r"\s1 First\par\pard Words.\par\pard\s2 Second\par\pard More.\par"
    _, segments, _ = read(document, make_rtf(body))
    assert [str(segment.locator) for segment in segments] == [
        "paragraphs 1–2 (First)",
        "paragraphs 3–4 (Second)",
    ]


def test_tables_are_read_row_by_row(document):
    row = r"\trowd\intbl {a}\cell {b}\cell\row"
    body = (
        row.format(a="Port", b="Depth") + row.format(a=r"Brae\par pier", b="") + r"\pard End.\par"
    )
    assert read(document, make_rtf(body))[2] == "Port\tDepth\nBrae pier\n\nEnd.\n\n"


def test_every_segment_of_a_table_has_the_names_of_its_columns(document):
    row = r"\trowd\intbl {a}\cell {b}\cell\row"
    body = row.format(a="Port", b="Depth") + "".join(
        row.format(a=f"Port {n}", b=f"{n} m") for n in range(300)
    )
    _, segments, _ = read(document, make_rtf(body))
    assert len(segments) > 3
    assert all(segment.text.startswith("Port\tDepth\nPort ") for segment in segments)


def test_footnotes_follow_their_paragraph(document):
    body = r"A knot{\super\chftn{\footnote \chftn  Of rope.\par}} was tied.\par Next.\par"
    assert read(document, make_rtf(body))[2] == "A knot[1] was tied.\n\n[1] Of rope.\n\nNext.\n\n"


def test_what_is_left_out_is_noted(document):
    body = (
        r"{\header Top\par}{\v hidden}{\deleted old}{\annotation{\*\atnref 1}Why?}Text\par"
    )  # fmt: skip
    opened, _, text = read(document, make_rtf(body))
    assert text == "Text\n\n" and opened.notes == [
        "Left out: headers and footers (1).",
        "Left out: hidden text (1).",
        "Left out: text that was deleted in a revision (1).",
        "Left out: comments (1).",
    ]


def test_rtf_is_recognised_whatever_its_name(document):
    assert document(make_rtf("x"), "a.txt").kind == "rtf"
    assert document(make_rtf("x"), "a.doc").kind == "rtf"


@pytest.mark.parametrize("byte_count", [100, 65_400, 65_536, 65_600, 200_000])
def test_binary_data_is_passed_over_by_its_length(document, byte_count):
    data = random.Random(2).randbytes(byte_count)
    text = make_rtf("Before ")[:-1] + b"{\\pict\\bin%d " % byte_count + data + b"}after\\par}"
    assert read(document, text)[2] == "Before after\n\n"


def test_the_blocks_of_the_file_do_not_change_the_text(document):
    body = "".join(rf"{{\b Word {n}}} \'e9\u8364? \par" + "\r\n" for n in range(20_000))
    text = read(document, make_rtf(body))[2]
    assert text == "".join(f"Word {n} é€\n\n" for n in range(20_000))


def test_deep_nesting_is_left_out_with_a_note(document):
    opened, _, text = read(
        document, make_rtf("Text{" + "{" * 100_000 + "x" + "}" * 100_001 + r" more\par")
    )
    assert text == "Text more\n\n" and "nested too deeply" in opened.notes[0]


def test_groups_that_are_closed_too_often_do_no_harm(document):
    assert read(document, make_rtf(r"a}}}} b\par"))[2] == "a b\n\n"


def test_a_row_without_end_is_cut(document):
    _, segments, text = read(document, make_rtf(r"\intbl " + r"word\cell " * 50_000))
    assert text.count("word") == 50_000 and len(segments) > 10


def test_a_damaged_file_is_refused(document):
    with pytest.raises(DamagedDocument, match="damaged RTF"):
        read(document, b"Just words", "a.rtf")


def test_a_file_without_text_is_empty(document):
    with pytest.raises(EmptyDocument):
        read(document, make_rtf(r"{\pict 0102}\par"))


def test_text_beyond_the_limit_is_refused(document):
    with pytest.raises(LimitExceeded, match="more than 1,000 characters"):
        read(document, make_rtf(r"word\par " * 20_000), limits=Limits(max_text_chars=1000))
