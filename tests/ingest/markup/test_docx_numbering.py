"""Numbers of clauses and lists in Word documents, counted as Word counts them."""

import pytest

from ingest.markup.docx_numbering import read_numbering
from ingest.markup.docx_styles import Styles, read_styles


def level(index, text, number_format="decimal", more="", start=1):
    return (
        f'<lvl ilvl="{index}"><start val="{start}"/><numFmt val="{number_format}"/>'
        f'<lvlText val="{text}"/>{more}</lvl>'
    )


def abstract(identifier, *levels):
    return f'<abstractNum abstractNumId="{identifier}">{"".join(levels)}</abstractNum>'


def num(identifier, abstract_identifier, overrides=""):
    return (
        f'<num numId="{identifier}"><abstractNumId val="{abstract_identifier}"/>{overrides}</num>'
    )


def numbering(*parts, styles=None):
    return read_numbering(f"<numbering>{''.join(parts)}</numbering>".encode(), styles or Styles())


OUTLINE = abstract(0, level(0, "%1."), level(1, "%1.%2"), level(2, "(%3)", "lowerLetter"))


def labels(counted, *paragraphs, identifier="1"):
    return [counted.label(identifier, at).strip() for at in paragraphs]


def test_levels_restart_after_higher_ones():
    counted = numbering(OUTLINE, num(1, 0))
    assert labels(counted, 0, 1, 1, 2, 2, 1, 2, 0, 1) == [
        *("1.", "1.1", "1.2", "(a)", "(b)", "1.3", "(a)", "2.", "2.1"),
    ]


def test_a_level_that_comes_before_the_higher_ones_counts_from_their_start():
    assert labels(numbering(OUTLINE, num(1, 0)), 1, 1, 0, 1) == ["1.1", "1.2", "1.", "1.1"]


def test_numberings_of_one_definition_continue_unless_they_have_a_start_of_their_own():
    over = '<lvlOverride ilvl="0"><startOverride val="7"/></lvlOverride>'
    counted = numbering(OUTLINE, num(1, 0), num(2, 0), num(3, 0, over))
    assert labels(counted, 0, 0) == ["1.", "2."]
    assert labels(counted, 0, identifier="2") == ["3."]
    assert labels(counted, 0, 1, 0, identifier="3") == ["7.", "7.1", "8."]


def test_an_override_can_replace_a_level():
    over = f'<lvlOverride ilvl="0">{level(0, "Art. %1", "upperRoman", start=4)}</lvlOverride>'
    assert labels(numbering(OUTLINE, num(1, 0, over)), 0, 0) == ["Art. IV", "Art. V"]


@pytest.mark.parametrize(
    ("restart", "expected"),
    [("", "1.1"), ('<lvlRestart val="0"/>', "2.2"), ('<lvlRestart val="1"/>', "2.1")],
)
def test_a_level_can_say_when_it_restarts(restart, expected):
    counted = numbering(abstract(0, level(0, "%1."), level(1, "%1.%2", more=restart)), num(1, 0))
    found = labels(counted, 0, 1, 0, 1) if restart else labels(counted, 0, 1)
    assert found[-1] == expected


def test_legal_numbers_are_decimal_on_all_levels():
    levels = level(0, "%1", "upperRoman"), level(1, "%1.%2", "decimal", "<isLgl/>")
    assert labels(numbering(abstract(0, *levels), num(1, 0)), 0, 0, 1) == ["I", "II", "2.1"]


@pytest.mark.parametrize(
    ("shape", "label"),
    [
        (level(0, "\uf0b7", "bullet"), "- "),
        (level(0, ""), ""),
        (level(0, "%1", "none"), ""),
        (level(0, "§ %1", more='<suff val="space"/>'), "§ 1 "),
        (level(0, "(%1)", more='<suff val="nothing"/>'), "(1)"),
        (level(0, "%1", more='<suff val="nothing"/>'), "1 "),
        (level(0, "%1%2%9"), "1 "),
    ],
)
def test_what_stands_before_a_paragraph(shape, label):
    assert numbering(abstract(0, shape), num(1, 0)).label("1", 0) == label


def test_a_definition_can_be_that_of_a_style():
    styles = read_styles(
        b'<styles><style styleId="Clauses"><pPr><numPr><numId val="5"/></numPr></pPr></style>'
        b"</styles>"
    )
    link = abstract(1, '<numStyleLink val="Clauses"/>')
    counted = numbering(OUTLINE, link, num(5, 0), num(1, 1), styles=styles)
    assert labels(counted, 0, 1) == ["1.", "1.1"]


def test_a_level_belongs_to_a_style():
    shape = level(0, "%1."), level(1, "%1.%2", more='<pStyle val="Heading2"/>')
    counted = numbering(abstract(0, *shape), num(1, 0))
    assert counted.level_of_style("1", "Heading2") == 1
    assert counted.level_of_style("1", "Other") == counted.level_of_style("9", "Heading2") == 0


@pytest.mark.parametrize("data", [b"", b"<", b"<numbering><num/><abstractNum/></numbering>"])
def test_a_broken_or_empty_part_gives_bullets(data):
    assert read_numbering(data, Styles()).label("1", 0) == "- "


def test_senseless_values_do_no_harm():
    counted = numbering(
        abstract(0, level(0, "%1." * 9999, start="9" * 50), level(99, "x"), level("", "y")),
        num(1, 0, f'<lvlOverride ilvl="0"><startOverride val="{"8" * 5000}"/></lvlOverride>'),
    )
    assert len(counted.label("1", 0)) < 2000 and counted.label("1", 10**9) == ""
