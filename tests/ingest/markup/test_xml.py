"""XML from outside: names in any namespace, small errors repaired, nothing loaded or expanded."""

import pytest

from ingest.markup.xml import BrokenXml, attribute, elements, feed_xml, local_name, parse_tree

NAMESPACES = b'<a:r xmlns:a="urn:a" xmlns:b="urn:b"><b:x b:id="1"/><a:x id="2"/><y/></a:r>'


class Recorder:
    def __init__(self):
        self.heard = []

    def start(self, tag, attributes):
        self.heard.append(f"<{local_name(tag)}>")

    def end(self, tag):
        self.heard.append(f"</{local_name(tag)}>")

    def data(self, text):
        self.heard.append(text)

    def close(self):
        self.heard.append("end")


def test_elements_and_attributes_are_found_in_any_namespace():
    root = parse_tree(NAMESPACES)
    assert [attribute(found.attrib, "id") for found in elements(root, "x")] == ["1", "2"]
    assert attribute(root.attrib, "id") == ""


def test_small_errors_are_repaired_in_a_tree():
    assert len(list(elements(parse_tree(b"<r><x></r><x/>"), "x"))) >= 1


@pytest.mark.parametrize("data", [b"", b"no xml", b"\0\0", b"<", b"<?xml version='1.0'?>"])
def test_data_without_any_element_is_broken(data):
    with pytest.raises(BrokenXml):
        parse_tree(data)


def test_a_target_gets_a_file_that_arrives_in_blocks():
    target = Recorder()
    steps = list(feed_xml([b"<r><x", b">a &amp; b</x>", b"</r>"], target))
    text = "".join(target.heard)
    assert len(steps) == 3 and text == "<r><x>a & b</x></r>end"


def test_a_target_gets_what_comes_before_the_damage():
    target = Recorder()
    with pytest.raises(BrokenXml):
        list(feed_xml([b"<r><x>a</x>", b"</wrong>"], target))
    assert "".join(target.heard).startswith("<r><x>a</x>")


def test_external_entities_and_deep_nesting_are_not_followed(tmp_path):
    (tmp_path / "secret.txt").write_text("the secret")
    dtd = f'<!DOCTYPE r [<!ENTITY e SYSTEM "file://{tmp_path}/secret.txt">]>'
    target = Recorder()
    try:
        list(feed_xml([f"{dtd}<r>&e;</r>".encode()], target))
    except BrokenXml:
        pass
    assert "secret" not in "".join(target.heard)
    assert "secret" not in "".join(parse_tree(f"{dtd}<r>&e;</r>".encode()).itertext())
    with pytest.raises(BrokenXml):
        list(feed_xml([b"<x>" * 10_000], Recorder()))
