"""Folders and patterns: every file once, in the natural order of names."""

import pytest

from ingest import DocumentNotFound, find_files, folders


@pytest.fixture
def tree(tmp_path):
    shown = ("b/chapter 10.txt", "b/chapter 2.txt", "a.txt", "c.png")
    for name in (*shown, ".hidden/x.txt", "b/.y.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return tmp_path


def names(found, tree):
    return [str(f.path.relative_to(tree)) for f in found]


def test_a_folder_is_searched_in_the_order_of_its_names(tree):
    found = find_files([tree])
    assert names(found, tree) == ["a.txt", "c.png", "b/chapter 2.txt", "b/chapter 10.txt"]
    assert not any(f.is_named for f in found)


def test_a_pattern_gives_its_files(tree):
    both, last = find_files([tree / "b" / "*.txt"]), find_files([tree / "**" / "*10.txt"])
    assert names(both, tree) == ["b/chapter 2.txt", "b/chapter 10.txt"]
    assert names(last, tree) == ["b/chapter 10.txt"]


def test_a_file_that_is_found_twice_is_given_once_and_counts_as_named(tree):
    found = find_files([tree / "a.txt", tree])
    assert names(found, tree)[0] == "a.txt" and found[0].is_named
    assert len(found) == len({f.path for f in found}) == 4


def test_a_missing_file_is_given_for_its_reader_to_report(tree):
    (found,) = find_files([tree / "gone.txt"])
    assert found.is_named


def test_an_existing_file_whose_name_looks_like_a_pattern_is_that_file(tree):
    path = tree / "part [1].txt"
    path.write_text("x")
    (found,) = find_files([path])
    assert found.path == path and found.is_named


def test_no_files_and_too_many_files_are_refused(tree, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentNotFound, match="has no files"):
        find_files([tmp_path / "empty"])
    with pytest.raises(DocumentNotFound, match="No file matches"):
        find_files([tree / "*.epub"])
    monkeypatch.setattr(folders, "MAX_FILES", 2)
    with pytest.raises(DocumentNotFound, match="more than 2 files"):
        find_files([tree])


def test_links_in_a_cycle_do_not_hang(tree):
    (tree / "b" / "loop").symlink_to(tree, target_is_directory=True)
    assert len(find_files([tree])) == 4
