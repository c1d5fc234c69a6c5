"""What the README and docs/ name exists: links, paths, functions, commands, options, modules.

The walks in docs/architecture.md are numbered steps: a file, then names in it, then a sentence.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from app.cli.main import cli
from tests.support.paths import ROOT

ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAGES = [path for folder in ("docs", "ahn_runtime") for path in (ROOT / folder).rglob("*.md")]
DOCUMENTS = [ROOT / "README.md", *sorted(PAGES)]
WALKS = "## Two walks through the code"
MAX_FILES = 13

FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
STEP = re.compile(r"\d+\. `(?P<file>[^`]+)` (?P<names>`[^`]+`(?:, `[^`]+`)*) - .+\.", re.DOTALL)
PATH = re.compile(r"\.?[A-Za-z][\w.-]*(?:/[\w.-]+)*/?")
FILE_SUFFIXES = (".py", ".md", ".txt", ".toml", ".css")


def repository_files() -> set[str]:
    """Paths of the files of the checkout, relative to it, without caches and environments."""
    found = set()
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f == ".ci" or not f.startswith((".", "__pycache__"))]
        found |= {(Path(folder) / name).relative_to(ROOT).as_posix() for name in names}
    return found


FILES = repository_files()
TOP_FOLDERS = {name.split("/")[0] for name in FILES if "/" in name}


def walks(text: str) -> dict[str, list[str]]:
    """The numbered steps of each walk of a page, whole, by the walk's heading."""
    section = re.split(r"^## ", text.partition(WALKS)[2], maxsplit=1, flags=re.MULTILINE)[0]
    found = {}
    for walk in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
        heading, _, body = walk.partition("\n")
        steps = re.split(r"^(?=\d+\. )", body, flags=re.MULTILINE)
        found[heading] = [step.strip() for step in steps if step.strip()]
    return found


def defined_names(path: Path) -> set[str]:
    """Functions, classes ("Class") and methods ("Class.method") of a file."""
    names = set()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (*functions, ast.ClassDef)):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{part.name}" for part in node.body if isinstance(part, functions)
            }
    return names


def step_problems(step: str) -> Iterator[str]:
    """What is wrong with one step of a walk."""
    match = STEP.fullmatch(step)
    if match is None:
        yield f"not of the form 'N. `file` `name` - sentence.': {step!r}"
    elif match["file"] not in FILES:
        yield f"no file {match['file']}"
    else:
        defined = defined_names(ROOT / match["file"])
        for name in INLINE.findall(match["names"]):
            if name not in defined:
                yield f"no {name} in {match['file']}"


def walk_problems(steps: list[str]) -> list[str]:
    """What is wrong with a walk."""
    problems = [problem for step in steps for problem in step_problems(step)]
    files = {match["file"] for match in map(STEP.fullmatch, steps) if match}
    if not 2 <= len(files) <= MAX_FILES:
        problems.append(f"{len(files)} files; at most {MAX_FILES} are wanted")
    return problems


def code(text: str) -> list[str]:
    """The code of a page: each line of its fenced blocks, and each span in backticks.

    A line that ends with a backslash is joined with the next one; comments are left out.
    """
    blocks = "\n".join(FENCED.findall(text)).replace("\\\n", " ")
    lines = [line.partition(" #")[0].strip() for line in blocks.splitlines()]
    spans = [" ".join(span.split()) for span in INLINE.findall(FENCED.sub("", text))]
    return [fragment for fragment in (*lines, *spans) if fragment]


def exists(name: str) -> bool:
    """Whether a path names a file of the repository or a folder of such files."""
    folder = f"{name.rstrip('/')}/"
    return name in FILES or any(file.startswith(folder) for file in FILES)


def path_problems(text: str) -> list[str]:
    """The repository paths in a page's code that do not exist.

    A span that is nothing but a path must exist. Of longer code only words that begin with a folder
    of the repository are looked at, because a command may name the reader's own files. A file's
    name without a folder must be the name of some file.
    """
    problems = []
    for fragment in code(text):
        for word in fragment.split():
            word = word.rstrip(",.;:")
            if not PATH.fullmatch(word):
                continue
            is_ours = word.split("/")[0] in TOP_FOLDERS
            is_path = "/" in word and (is_ours or word == fragment)
            if is_path and not exists(word):
                problems.append(word)
            is_file = "/" not in word and word == fragment and word.endswith(FILE_SUFFIXES)
            if is_file and word not in {Path(name).name for name in FILES}:
                problems.append(word)
    return problems


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def link_problems(text: str, page: Path) -> list[str]:
    """The relative links of a page whose file or heading does not exist."""
    problems = []
    for link in LINK.findall(FENCED.sub("", text)):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
        if not exists(name) or (anchor and anchor not in anchors(path)):
            problems.append(link)
    return problems


def module_problems(text: str) -> list[str]:
    """The modules that a page runs with `python -m` and that cannot be run."""
    problems = []
    for name in re.findall(r"python -m ([\w.]+)", "\n".join(code(text))):
        path = f"{name.replace('.', '/')}.py"
        if name.split(".")[0] not in TOP_FOLDERS:
            if importlib.util.find_spec(name) is None:
                problems.append(name)
        elif path not in FILES or "__main__" not in (ROOT / path).read_text(encoding="utf-8"):
            problems.append(name)
    return problems


def command_problems(text: str) -> list[str]:
    """The commands of `launch.py` and their options that a page names and that do not exist."""
    problems = []
    for fragment in code(text):
        _, launched, rest = fragment.partition("python launch.py")
        if not launched:
            continue
        command, words = typer.main.get_command(cli), rest.split()
        while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
            name = words.pop(0)
            if name not in command.commands:
                problems.append(name)
                break
            command = command.commands[name]
        known = {"--help", *(option for p in command.params for option in p.opts)}
        problems += [word for word in words if word.startswith("--") and word not in known]
    return problems


def target_problems(text: str) -> list[str]:
    """The targets of `make` that a page names and that the Makefile does not have."""
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = [re.match(r"make ([a-z]+)", fragment) for fragment in code(text)]
    return [match[1] for match in named if match and match[1] not in targets]


def test_each_walk_names_existing_functions_in_few_files():
    found = walks(ARCHITECTURE.read_text(encoding="utf-8"))
    assert len(found) == 2
    for heading, steps in found.items():
        assert walk_problems(steps) == [], heading


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    assert link_problems(text, page) == []
    assert path_problems(text) == []
    assert module_problems(text) == []
    assert command_problems(text) == []
    assert target_problems(text) == []


def test_the_map_names_every_package():
    """Every folder with an `__init__.py` is in the tree of docs/architecture.md."""
    tree = FENCED.findall(ARCHITECTURE.read_text(encoding="utf-8"))[0]
    named = {word for line in tree.splitlines() for word in line.split()[:1]}
    packages = {f"{Path(name).parent}/" for name in FILES if name.endswith("/__init__.py")}
    assert packages <= named


@pytest.mark.parametrize(
    "step, problem",
    [
        ("1. `app/service/nothing.py` `ask` - asks.", "no file app/service/nothing.py"),
        ("1. `launch.py` `Nothing.ask` - asks.", "no Nothing.ask in launch.py"),
        ("1. `launch.py` - starts.", "not of the form"),
    ],
)
def test_a_wrong_step_of_a_walk_is_reported(step, problem):
    (found,) = step_problems(step)
    assert problem in found


def test_a_walk_over_too_many_files_is_reported():
    names = sorted(name for name in FILES if name.startswith("storage/"))[: MAX_FILES + 1]
    steps = [f"{i}. `{name}` `nothing` - passes on." for i, name in enumerate(names, 1)]
    assert "14 files; at most 13 are wanted" in walk_problems(steps)


def test_wrong_names_on_a_page_are_reported():
    text = "A [link](docs/none.md), `app/none.py`, `none.py`, `make nothing`.\n\n```\n"
    text += (
        "python -m benchmarks.none\npython launch.py fly\npython launch.py ask s q --fast\n```\n"
    )
    assert link_problems(text, ROOT / "README.md") == ["docs/none.md"]
    assert path_problems(text) == ["app/none.py", "none.py"]
    assert module_problems(text) == ["benchmarks.none"]
    assert command_problems(text) == ["fly", "--fast"]
    assert target_problems(text) == ["nothing"]
