"""Who may import whom: arrows run one way, torch, gradio and SQL stay in their rooms."""

import ast
import subprocess
import sys
from collections.abc import Iterator
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
def test_the_three_packages_never_import_each_other_nor_app(package):
    others = set(PACKAGES) - {package}
    for path in files(package):
        assert not tops(path) & others, path


def test_training_imports_the_runtime_and_ingest_and_only_its_command_imports_it():
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
def test_libraries_are_imported_only_in_their_packages(module, allowed):
    for path in (p for package in PACKAGES for p in files(package)):
        if module in tops(path):
            assert allowed(path.relative_to(ROOT)), path


def test_only_the_service_joins_the_three_packages():
    """The pages reach documents and states through the service; error roots and rows are shown."""
    for path in files("app"):
        joined = tops(path) & {"ahn_runtime", "ingest", "storage"}
        if len(joined) == 3:
            assert "service" in path.parts or path.name == "messages.py", path


SERVICE_FLOORS = (
    "session_config",
    "reading",
    "library answering",
    "models",
    "context",
    "use cases",
)
"""The service from the bottom up: each part imports only its own kind and what is below it."""


def service_floor(part: str) -> int:
    """The floor of a module or folder of the service; what has no name there is a use case."""
    found = (i for i, parts in enumerate(SERVICE_FLOORS) if part in parts.split())
    return next(found, len(SERVICE_FLOORS) - 1)


def service_parts(path: Path) -> set[str]:
    """Folders and modules of the service that a file imports."""
    parts = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app.service"):
            below = (node.module or "").split(".")[2:]
            parts |= {below[0]} if below else {alias.name for alias in node.names}
    return parts


def test_inside_the_service_imports_run_down():
    """Use cases import the context, that imports library and answering, and these reading."""
    for path in files("app/service"):
        if path.name == "__init__.py":
            continue
        part = path.relative_to(ROOT / "app" / "service").with_suffix("").parts[0]
        for other in service_parts(path) - {part}:
            floor, below = service_floor(part), service_floor(other)
            is_use_case = floor == below == len(SERVICE_FLOORS) - 1
            assert below < floor or is_use_case, f"{path} imports {other}"


def test_use_cases_of_the_service_import_each_other_without_a_circle():
    modules = {path.stem: service_parts(path) for path in files("app/service")}
    waiting = {name: parts & set(modules) for name, parts in modules.items()}
    while waiting:
        free = [name for name, parts in waiting.items() if not parts & set(waiting)]
        assert free, f"a circle among {sorted(waiting)}"
        for name in free:
            del waiting[name]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PRODUCT = {module_of(path): path for package in PACKAGES for path in files(package)}


def imported_from(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of each import of a file from the product, wherever in the file it is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES:
            yield from ((str(node.module), alias.name) for alias in node.names)


def imported_on_loading(path: Path) -> set[str]:
    """The product's modules that importing a file imports: not those for the type checker alone."""
    modules: set[str] = set()
    statements = ast.parse(path.read_text(encoding="utf-8")).body
    for node in statements:
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            modules |= (submodules & set(PRODUCT)) or {node.module}
    return modules & set(PRODUCT)


def test_no_file_imports_a_private_name_of_another():
    for path in PRODUCT.values():
        private = [name for _, name in imported_from(path) if name.startswith("_")]
        assert not private, f"{path} imports {private}"


def test_files_import_each_other_without_a_circle():
    waiting = {module: imported_on_loading(path) - {module} for module, path in PRODUCT.items()}
    while waiting:
        free = [module for module, others in waiting.items() if not others & set(waiting)]
        assert free, f"a circle among {sorted(waiting)}"
        for module in free:
            del waiting[module]


def test_nothing_unpickles():
    for path in (p for package in PACKAGES for p in files(package)):
        assert not tops(path) & {"pickle", "dill", "joblib"}, path
        assert "torch.load(" not in path.read_text(encoding="utf-8"), path
