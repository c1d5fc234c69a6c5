"""Who may import whom: arrows run one way, torch, gradio and SQL stay in their rooms."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("ahn_runtime", "ingest", "storage", "app", "training", "evaluation", "benchmarks")
STUDIES = ("training", "evaluation")
WITH_TORCH = ("ahn_runtime", "training", "evaluation", "benchmarks")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("package", ["ahn_runtime", "ingest", "storage"])
def test_the_three_rooms_never_import_each_other_nor_app(package):
    others = set(PACKAGES) - {package}
    for path in files(package):
        assert not tops(path) & others, path


def test_training_stands_on_the_runtime_and_ingest_and_only_its_command_knows_it():
    for path in files("training"):
        assert not tops(path) & {"storage", "app", "evaluation"}, path
    for path in (p for package in PACKAGES for p in files(package)):
        if "training" in tops(path) and path.relative_to(ROOT).parts[0] not in STUDIES:
            assert path == ROOT / "app" / "cli" / "train.py", path


def test_in_app_only_the_command_line_imports_the_studies_and_nothing_imports_the_command_line():
    for path in files("app"):
        if path.relative_to(ROOT).parts[:2] != ("app", "cli"):
            assert not tops(path) & {"training", "evaluation", "benchmarks"}, path
            assert not any(name.startswith("app.cli") for name in imported(path)), path


def test_the_command_line_brings_torch_only_where_it_is_needed():
    """Help is quick, and `train` says how threads wait before there are any."""
    help_of = "import sys, app.cli.main; sys.argv = ['ammon', 'train', '--help']\n"
    ends = "try: app.cli.main.main()\nfinally: assert not {'torch', 'training'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", help_of + ends], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "module, allowed",
    [
        ("torch", lambda p: p.parts[0] in WITH_TORCH),
        ("gradio", lambda p: p.parts[:2] == ("app", "web")),
        ("sqlite3", lambda p: p.parts[0] == "storage"),
        ("pypdf", lambda p: p.parts[0] == "ingest"),
    ],
)
def test_libraries_stay_in_their_rooms(module, allowed):
    for path in (p for package in PACKAGES for p in files(package)):
        if module in tops(path):
            assert allowed(path.relative_to(ROOT)), path


def test_only_the_service_room_joins_the_three():
    """The pages reach documents and states through the service; error roots and rows are shown."""
    for path in files("app"):
        joined = tops(path) & {"ahn_runtime", "ingest", "storage"}
        if len(joined) == 3:
            assert "service" in path.parts or path.name == "messages.py", path


def test_nothing_unpickles():
    for path in (p for package in PACKAGES for p in files(package)):
        assert not tops(path) & {"pickle", "dill", "joblib"}, path
        assert "torch.load(" not in path.read_text(encoding="utf-8"), path
