"""What is installed: locked with hashes, and under licences that ask nothing of Ammon's code."""

import hashlib
import importlib.metadata
import re
import runpy

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.licences import CHANGED, problem, stated
from tests.support.paths import ROOT

LOCKS = ("torch", "torch-cpu", "cuda", "run", "dev")


def locked(name):
    """Return the requirements of a lock by their names, and how many hashes each has."""
    text = (ROOT / "locks" / f"{name}.txt").read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line.partition(" --hash=")[0])
            item = (requirement, line.count("--hash=sha256:"))
            found.setdefault(canonicalize_name(requirement.name), []).append(item)
    return found


def asked_for(name):
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line) for line in lines if re.match(r"[a-zA-Z]", line)]


@pytest.mark.parametrize("name", LOCKS)
def test_everything_in_a_lock_is_one_version_with_hashes(name):
    for items in locked(name).values():
        for requirement, hashes in items:
            assert re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)) and hashes > 0


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_the_locks_have_what_the_requirements_ask_for(file):
    everything = {name: items for lock in LOCKS for name, items in locked(lock).items()}
    for wanted in asked_for(file):
        for requirement, _ in everything[canonicalize_name(wanted.name)]:
            (pin,) = requirement.specifier
            assert wanted.specifier.contains(pin.version), f"run `make lock`: {wanted}"


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize(("system", "machine"), [("linux", "aarch64"), ("darwin", "arm64")])
def test_each_package_has_one_version_on_each_system(python, system, machine):
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system,
        "platform_machine": machine,
        "platform_system": system.title(),
    }
    for lock in LOCKS:
        for name, items in locked(lock).items():
            fits = [r for r, _ in items if r.marker is None or r.marker.evaluate(environment)]
            assert len(fits) <= 1, name
            assert fits or any(r.marker for r, _ in items), name


def test_only_the_build_of_torch_for_cuda_brings_its_libraries():
    assert set(locked("torch")) == set(locked("torch-cpu")) == {"torch"}
    assert all(name.startswith(("nvidia-", "cuda-", "triton")) for name in locked("cuda"))
    assert not {"torch", *locked("cuda")} & {*locked("run"), *locked("dev")}


def test_the_makefile_installs_with_hashes_only():
    makefile = (ROOT / "Makefile").read_text()
    installs = [
        line for line in makefile.splitlines() if "pip install" in line and "uv==" not in line
    ]
    assert len(installs) == 1 and "--require-hashes" in installs[0] and "--no-deps" in installs[0]
    assert set(re.findall(r"-r (\S+\.txt)", makefile)) == {f"locks/{lock}.txt" for lock in LOCKS}


def installed():
    """Yield the name and metadata of each installed package that a lock has."""
    names = {name for lock in LOCKS for name in locked(lock)}
    for distribution in importlib.metadata.distributions():
        if canonicalize_name(distribution.metadata["Name"]) in names:
            yield canonicalize_name(distribution.metadata["Name"]), distribution.metadata


def test_every_installed_package_has_an_allowed_licence():
    problems, count = [], 0
    for name, metadata in installed():
        classifiers = metadata.get_all("Classifier", [])
        licences = " ".join(c for c in classifiers if c.startswith("License"))
        words = stated(metadata, classifiers)
        problems.append(problem(name, words, licences))
        count += 1
    assert count > 80
    assert not any(problems), "\n".join(filter(None, problems))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("AGPL-3.0-or-later", "x: AGPL"),
        ("GPL-2.0-only", "x: GPL"),
        ("GNU Affero General Public License v3", "x: GNU Affero"),
        ("GNU General Public License v3 (GPLv3)", "x: GNU General"),
        ("LGPL-2.1", "x: LGPL"),
        ("MIT AND GPL-3.0", "x: GPL"),
        ("", "x states no licence"),
        ("UNKNOWN", "x: 'UNKNOWN' is unknown"),
        ("MIT AND Mystery-1.0", "unknown here"),
        ("Mystery-1.0 OR (MIT AND Mystery-2.0)", "unknown here"),
    ],
)
def test_other_licences_fail_with_the_name_of_the_package(words, said):
    assert said in problem("x", words)


@pytest.mark.parametrize(
    "words",
    [
        "MIT",
        "Mystery-1.0 OR MIT",
        "MPL-2.0 AND (Apache-2.0 OR Mystery-1.0)",
        "Apache-2.0 WITH LLVM-exception AND BSD-3-Clause",
        "MIT License AND BSD License",
        "MIT, BSD",
        "Apache License, Version 2.0",
    ],
)
def test_allowed_licences_pass(words):
    assert problem("x", words) == ""


def test_a_classifier_counts_beside_a_text_that_says_less():
    gpl = "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"
    assert "GNU General" in problem("x", stated({"License": "BSD"}, [gpl]), gpl)


def test_a_licence_that_changes_is_named():
    ((name, (licence, _)),) = CHANGED.items()
    assert name == "chardet" and problem(name, licence) == ""
    assert "chardet: its licence is now LGPL" in problem(name, "LGPL-2.1-or-later")


INDEX = """<a href="/cpu/torch-2.99.0%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl#sha256=AA">x</a>
<a href="/cpu/torch-2.99.0%2Bcpu-cp312-cp312-win_amd64.whl#sha256=BB">x</a>
<a href="/cpu/torch-2.98.0%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl#sha256=CC">x</a>"""


@pytest.fixture
def lock_script(tmp_path, monkeypatch):
    """The script that makes the locks, with an index of three wheels and a folder of one."""
    index = INDEX
    for name in ("AA", "BB", "CC"):
        index = index.replace(name, name.lower() * 32)
    (tmp_path / "index.html").write_text(index)
    (tmp_path / "torch-2.99.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl").write_bytes(b"wheel")
    monkeypatch.setenv("TORCH_CPU_INDEX", (tmp_path / "index.html").as_uri())
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return runpy.run_path(str(ROOT / ".ci" / "lock.py"))


def test_the_lock_for_the_cpu_has_the_builds_of_its_version(lock_script):
    old = f"torch==2.99.0+cpu \\\n    --hash=sha256:{'dd' * 32}\n"
    found = lock_script["cpu_builds"]("torch==2.99.0 \\\n    --hash=x\n", old)
    wheel = hashlib.sha256(b"wheel").hexdigest()
    hashes = sorted(["aa" * 32, "dd" * 32, wheel])
    assert (
        found
        == " \\\n    ".join(["torch==2.99.0+cpu", *(f"--hash=sha256:{h}" for h in hashes)]) + "\n"
    )
    newer = lock_script["cpu_builds"]("torch==2.98.0 \\\n    --hash=x\n", old)
    assert re.findall("sha256:(..)", newer) == ["cc"]


def test_a_package_is_in_the_lock_of_those_who_need_it(lock_script):
    part_of = lock_script["part_of"]
    found = [part_of(name, {"a==1": ""}) for name in ("torch==1", "nvidia-x==1", "a==1", "b==1")]
    assert found == ["torch", "cuda", "run", "dev"]
