"""HTML as blocks: levels, anchors, tight items, and the elements left out."""

import pytest

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
