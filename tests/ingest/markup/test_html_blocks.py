"""HTML as blocks: levels, anchors, tight items, and the elements left out."""

import pytest

from ingest.markup import left_out
from ingest.markup.html_blocks import markup_blocks


def blocks(html, **options):
    options = {"is_unwanted": lambda tag, attributes: False, **options}
    return list(markup_blocks([html], **options))


def test_headings_have_their_level_and_other_blocks_none():
    found = blocks("<h1>One</h1><p>Text</p><h3>Three</h3><div>More</div>")
    assert [(block.text, block.level) for block in found] == [
        *(("One\n\n", 1), ("Text\n\n", 0), ("Three\n\n", 3), ("More\n\n", 0)),
    ]


def test_list_items_and_rows_are_tight_and_a_blank_line_follows_them():
    found = blocks("<ul><li>a<li>b</ul><table><tr><td>1<td>2</table><p>end</p>")
    assert [block.text for block in found] == ["- a\n", "- b\n", "1\t2\n", "\nend\n\n"]


def test_wanted_anchors_come_with_the_block_after_them():
    html = "<p>one</p><a id=x></a><p id=y>two <a name=z>three</a></p>"
    found = blocks(html, anchors=frozenset("xz"))
    assert [(block.text.strip(), block.anchors) for block in found] == [
        *(("one", ()), ("two", ("x",)), ("three", ("z",))),
    ]


def test_unwanted_elements_are_left_out_with_their_content():
    html = "<p>a</p><nav><p>b</p><div>c</div></nav><p>d</p>"
    found = blocks(html, is_unwanted=lambda tag, attributes: tag == "nav")
    assert [block.text.strip() for block in found] == ["a", "d"]


def test_only_the_content_of_the_inside_elements_is_read():
    html = "<p>a</p><main><p>b</p><main>c</main></main><p>d</p><main>e</main>"
    found = blocks(html, is_inside=lambda tag, attributes: tag == "main")
    assert [block.text.strip() for block in found] == ["b", "c", "e"]


@pytest.mark.parametrize("size", [1, 2, 7])
def test_the_pieces_in_which_a_file_arrives_do_not_matter(size):
    html = "<!DOCTYPE html><h1>A &amp; B</h1><p>text <b>bold</b><br>line</p><pre>a  b\n c</pre>"
    pieces = [html[at : at + size] for at in range(0, len(html), size)]
    assert list(markup_blocks(pieces, lambda *_: False)) == blocks(html)


def test_text_without_paragraphs_is_cut_before_it_is_all_held():
    found = list(markup_blocks(["word " * 1000] * 100, lambda *_: False))
    assert len(found) > 1 and sum(block.text.count("word") for block in found) == 100_000


def texts(html, **options):
    return [block.text.rstrip("\n") for block in blocks(html, **options)]


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<ol><li>a<li>b</ol>", ["1. a", "2. b"]),
        ("<ol start=4><li>a<li value=9>b<li>c</ol>", ["4. a", "9. b", "10. c"]),
        ("<ol start=-1><li>a<li>b<li>c</ol>", ["-1. a", "0. b", "1. c"]),
        ("<ol start=x type=q><li value=y>a</ol>", ["1. a"]),
        ("<ol type=i start=4><li>a</ol><ol type=A><li>b</ol>", ["iv. a", "A. b"]),
        ("<ol reversed start=2><li>a<li>b</ol>", ["2. a", "1. b"]),
        ("<ol reversed><li>a<li>b<ol><li>x</ol><li>c</ol>", ["3. a", "2. b", "  1. x", "1. c"]),
        ("<ol reversed><li>never closed", ["1. never closed"]),
        ("<ol><li>a<ul><li>x</ul><li>b</ol>", ["1. a", "  - x", "2. b"]),
        ("<ol><li>a<ol type=a><li>x<li>y</ol></ol>", ["1. a", "  a. x", "  b. y"]),
        ('<ol style="list-style-type: upper-roman"><li>a</ol>', ["I. a"]),
        ('<ul style="list-style: none"><li>a</ul>', ["a"]),
        ("<ol><li></li><li>b</ol><p>c", ["2. b", "\nc"]),
        ("<ol><li><h2>Head</h2><p>text</ol>", ["1. Head", "text"]),
        ("<li>a", ["- a"]),
        ("<table><tr><td><ol><li>a<li>b</ol><td><ul><li>c</ul></table>", ["1. a 2. b\tc"]),
    ],
)
def test_items_have_the_numbers_that_browsers_show(html, lines):
    assert texts(html) == lines


def test_the_numbers_of_a_list_that_counts_down_are_known_though_it_arrives_in_pieces():
    pieces = ["<p>first</p><ol reversed>", *(f"<li>item {at}" for at in range(9)), "</ol>"]
    found = [block.text.strip() for block in markup_blocks(pieces, lambda *_: False)]
    assert found == ["first", *(f"{9 - at}. item {at}" for at in range(9))]


def test_a_term_stands_above_its_definition():
    html = "<dl><dt>Heron<dd>a bird<dt>Stork<dt>Crane<dd><p>two<p>birds</dl><p>end"
    assert "".join(block.text for block in blocks(html)) == (
        "Heron\n  a bird\n\nStork\nCrane\n  two\n\nbirds\n\nend\n\n"
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("held 10<sup>5</sup> cells", "held 10⁵ cells"),
        ("5,200<sup>3</sup> in 1901", "5,200³ in 1901"),
        ("H<sub>2</sub>O", "H₂O"),
        ('10<span style="vertical-align: super">5</span>', "10⁵"),
        ('5,200<sup><a href="#f3">3</a></sup>', "5,200[3]"),
        ('5,200<a href="notes.xhtml#f3"><sup>3</sup></a>', "5,200[3]"),
        ('5,200<a epub:type="noteref" href="#f3">3</a>', "5,200[3]"),
        ('5,200<a role="doc-noteref" href="#f3">[3]</a>', "5,200[3]"),
        ('see <sup><a href="#f3">the long list of notes</a></sup>', "see the long list of notes"),
        ('see <a href="#part3">part 3</a>', "see part 3"),
        ("1<sup>st</sup>, x<sup>2n+1</sup> y<sup>2k</sup>", "1st, x²ⁿ⁺¹ y^(2k)"),
        ("the <del>80</del> <ins>70</ins>, <s>six</s> three", "the ~~80~~ 70, ~~six~~ three"),
        ('<b style="text-decoration: line-through red">a</b>b', "~~a~~b"),
        ("light&shy;house tele&#8203;graph num<wbr>ber", "lighthouse telegraph number"),
        ("<ruby>灯台<rt>toudai</rt></ruby>は", "灯台は"),
        ("<msup><mi>x</mi><mn>2</mn></msup><mfrac><mn>1</mn><mn>3</mn></mfrac>", "x²1/3"),
        ("a<del/>b<sup/>c<span hidden />d", "abcd"),
    ],
)
def test_the_text_of_a_paragraph(html, text):
    assert texts(f"<p>{html}</p>") == [text]


def test_struck_out_paragraphs_are_each_marked():
    assert texts("<del><p>one</p><p>two</p></del><p>three</p>") == ["~~one~~", "~~two~~", "three"]


@pytest.mark.parametrize(
    ("html", "notes"),
    [
        ("<p hidden>x</p>", [left_out.HIDDEN]),
        ('<p>a <span style="display: none !important">x</span></p>', [left_out.HIDDEN]),
        ('<p style="Visibility:Hidden">x</p>', [left_out.HIDDEN]),
        ("<p hidden> <img></p>", []),
        ("<aside epub:type='footnote' hidden>The note.</aside>", []),
        ('<body style="display:none"><p>a', []),
        ("<ruby>灯<rt>tou</rt></ruby>", [left_out.RUBY]),
        ("<nav>x</nav><script>x</script>", []),
    ],
)
def test_hidden_text_is_left_out_with_a_note(html, notes):
    said = []
    found = texts(
        f"{html}<p>seen</p>", is_unwanted=lambda tag, _: tag == "nav", add_note=said.append
    )
    assert "x" not in "".join(found) and "seen" in found[-1]
    assert said == notes


def test_rows_carry_the_caption_and_header_of_their_table_and_merged_cells_their_value():
    html = (
        "<table><caption>Table 3: Storks</caption><thead><tr><th>Year<th>Count</thead>"
        "<tr><td rowspan=2>1990<td>1<tr><td><tr><td colspan=2>both</table><p>end"
    )
    header = "Table 3: Storks\nYear\tCount\n"
    assert [(block.text, block.header) for block in blocks(html)] == [
        *(("Table 3: Storks\n\n", ""), ("Year\tCount\n", ""), ("1990\t1\n", header)),
        *(("1990\t\n", header), ("both\tboth\n", header), ("\nend\n\n", "")),
    ]


def test_each_table_has_its_own_header_also_where_none_is_marked():
    html = "<table><tr><th>a<th>b<tr><th>c<td>d</table><table><tr><td>e<td>f<tr><td>g<td>h</table>"
    assert [block.header for block in blocks(html)] == ["", "a\tb\n", "", "e\tf\n"]


@pytest.mark.parametrize("attribute", ["colspan", "rowspan"])
def test_huge_spans_are_bounded(attribute):
    html = f"<table>{f'<tr><td {attribute}=999999>wide<td>x' * 300}</table>"
    assert sum(len(block.text) for block in blocks(html)) < 3_000_000
