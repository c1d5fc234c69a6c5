"""Loops on disk: compiled once for a processor, and never run by another."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import llvmlite
import llvmlite.binding
import numba
import pytest
from numba.core.registry import cpu_target

from ahn_runtime.backends.cpu import jit as jit_file
from ahn_runtime.backends.cpu.jit import sources_digest, target_name
from tests.support.paths import ROOT

SCRIPT = """
import json, numpy as np
from ahn_runtime.backends.cpu.int8_rows import quantize_two_terms
x = np.linspace(-3, 5, 67, dtype=np.float32)[None]
rows, scales = np.empty((2, 67), np.int8), np.empty(1, np.float32)
quantize_two_terms(x, rows, scales, 0, 1)
stats = quantize_two_terms.stats
misses, path = sum(stats.cache_misses.values()), stats.cache_path
print(json.dumps({"misses": misses, "path": path, "rows": rows.tolist()}))
"""

OLDER = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""A processor that every machine of its kind can stand in for: it uses nothing special."""


def run_loop(cache: Path, **variables: str) -> dict:
    """Call a loop in a new process whose caches lie in `cache`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    environment = {**kept, "AMMON_CACHE_DIR": str(cache), **variables}
    command, here = [sys.executable, "-c", SCRIPT], ROOT
    done = subprocess.run(command, env=environment, cwd=here, check=True, capture_output=True)
    return json.loads(done.stdout)


DECODED = """
import hashlib, torch
from ahn_runtime import Runtime
session = Runtime.load("embedded", window=256, sinks=32, quantize="int8").session()
session.feed([i % 1000 for i in range(390)], logits=None)
parts = [session.feed([token]) for token in range(3)]
parts += [layer.memory for layer in session.state.layers]
print(hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts)).hexdigest())
"""


@pytest.mark.slow
def test_loops_just_compiled_and_loops_from_disk_give_the_real_model_the_same_bits(tmp_path):
    """Every start computes alike: the first, the first after an update, and those after them."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    environment = {**kept, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", DECODED]
    compiled, from_disk = (
        subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True).stdout
        for _ in range(2)
    )
    assert compiled == from_disk != b""


WARMED = """
import importlib, pkgutil, sys
from numba.core.dispatcher import Dispatcher
from ahn_runtime import Runtime
from ahn_runtime.backends import cpu
names = [f"{cpu.__name__}.{module.name}" for module in pkgutil.iter_modules(cpu.__path__)]
loops = {loop for name in names for loop in vars(importlib.import_module(name)).values()
         if isinstance(loop, Dispatcher)}
def compiled():
    return {(loop.__name__, str(types)) for loop in loops for types in loop.signatures}
model, retain, quantize = sys.argv[1:]
runtime = Runtime.load(
    model, window=300, sinks=4, retain=int(retain), quantize=quantize if quantize else None
)
runtime.warm_up()
before = compiled()
session = runtime.session()
for count in (300, 10, 1, 17, 256, 256, 5, 64):
    session.feed([i % 250 for i in range(count)], logits=None)
for _ in session.generate(6, stop_ids=(), lookup=range(250)):
    pass
assert before, "nothing was compiled"
print(*sorted(name for name, _ in compiled() - before))
"""


@pytest.mark.parametrize("retain", [0, 64])
@pytest.mark.parametrize("quantize", ["", "int8"])
def test_after_warming_up_a_reading_compiles_no_loop(tiny_dir, retain, quantize):
    command = [sys.executable, "-c", WARMED, str(tiny_dir), str(retain), quantize]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_each_processor_has_a_directory_of_its_own(tmp_path):
    first, again = run_loop(tmp_path), run_loop(tmp_path)
    assert first["misses"] and not again["misses"], "kept on disk, and found there"
    older, once_more = run_loop(tmp_path, **OLDER), run_loop(tmp_path, **OLDER)
    assert older["misses"] and not once_more["misses"], "the other processor's code is not used"
    assert first["rows"] == older["rows"]
    folders = {path.name for path in (tmp_path / "loops").iterdir()}
    assert len(folders) == 2 and target_name() in folders
    for run in (first, older):
        assert Path(run["path"]).relative_to(tmp_path / "loops").parts[0] in folders
    assert Path(first["path"]).parent != Path(older["path"]).parent


def test_a_directory_chosen_for_numba_is_parted_too(tmp_path):
    path = run_loop(tmp_path / "ammon", NUMBA_CACHE_DIR=str(tmp_path / "numba"))["path"]
    assert Path(path).parent == tmp_path / "numba" / target_name()
    assert not (tmp_path / "ammon").exists()


def test_the_name_follows_all_that_the_code_depends_on(monkeypatch):
    names = [target_name()]
    monkeypatch.setattr(jit_file, "sources_digest", lambda: "other loops")
    names.append(target_name())
    monkeypatch.undo()
    for owner, attribute, value in (
        (numba.config, "CPU_NAME", "another"),
        (numba.config, "CPU_FEATURES", "+another"),
        (numba, "__version__", "0.0.1"),
        (llvmlite, "__version__", "0.0.2"),
        (llvmlite.binding, "get_process_triple", lambda: "another-system"),
    ):
        with monkeypatch.context() as changed:
            changed.setattr(owner, attribute, value)
            names.append(target_name())
    assert len(set(names)) == len(names) and target_name() == names[0]


def test_the_digest_follows_every_file_that_holds_loops(monkeypatch, tmp_path):
    """A loop is compiled into its callers, and numba looks at the callers' own files only."""
    folder = ROOT / "ahn_runtime" / "backends" / "cpu"
    shutil.copytree(folder, tmp_path / "cpu")
    monkeypatch.setattr(jit_file, "__file__", str(tmp_path / "cpu" / "jit.py"))
    fresh = sources_digest.__wrapped__
    same = fresh()
    assert same == sources_digest()
    with (tmp_path / "cpu" / "fast_exp.py").open("a") as changed:
        changed.write("# another polynomial\n")
    assert fresh() != same


@pytest.mark.parametrize("name", ["CPU_NAME", "CPU_FEATURES"])
def test_the_processor_is_the_one_that_numba_compiles_for(monkeypatch, name):
    _, processor, features = cpu_target.target_context.codegen().magic_tuple()
    found = {"CPU_NAME": processor, "CPU_FEATURES": features}[name]
    before = target_name()
    monkeypatch.setattr(numba.config, name, found)
    assert target_name() == before
