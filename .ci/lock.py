"""`make lock`: resolves requirements.txt and requirements-dev.txt, and writes locks/ with hashes.

One resolution holds for Python 3.11 and newer on every system: a package that only some need has a
marker. It is written to five files, because torch comes in several builds:

    torch-cpu.txt  torch, built for the CPU of Linux; taken if one of pip's sources has it
    torch.txt      torch, as PyPI has it, else
    cuda.txt       what only torch's build for CUDA needs, if that was taken
    run.txt        what else the program needs
    dev.txt        what else `make test` and `make check` need

They are installed with `--no-deps`, so nothing comes along that is not listed. A locked version is
kept as long as it fits; `UPGRADE=1 make lock` takes the newest ones. The hashes for torch-cpu.txt
come from the index of those builds and from the folders of pip's `find-links`; where there is
neither, those of the same version are kept.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "locks"
PARTS = ("torch", "cuda", "run", "dev")
OLDEST_PYTHON = "3.11"
ONLY_FOR_CUDA = re.compile(r"(nvidia-|cuda-|triton\b)")
# Every environment has one; it is not to be changed while it runs.
LEFT_OUT = "pip"
# Versions that count whatever another package says; the file gives the reasons.
OVERRIDES = Path(__file__).with_name("overrides.txt")
CPU_INDEX = os.environ.get("TORCH_CPU_INDEX", "https://download.pytorch.org/whl/cpu/torch/")
TIMEOUT_S = 30
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def main() -> None:
    """Write the five files."""
    LOCKS.mkdir(exist_ok=True)
    locked = "".join(read(LOCKS / f"{name}.txt") for name in PARTS)
    dev = resolved("requirements-dev.txt", locked)
    # In the versions of dev.txt, since both are installed into one environment.
    run = resolved("requirements.txt", locked, versions=[line.removesuffix(" \\") for line in dev])
    parts: dict[str, dict[str, str]] = {name: {} for name in PARTS}
    for line, block in sorted((dev | run).items(), key=lambda item: item[0].split("==")):
        parts[part_of(line, run)][line] = block
    texts = {name: "".join(blocks.values()) for name, blocks in parts.items()}
    texts["torch-cpu"] = cpu_builds(texts["torch"], read(LOCKS / "torch-cpu.txt"))
    for name, text in texts.items():
        head = "# Made by `make lock`; change requirements.txt instead.\n"
        (LOCKS / f"{name}.txt").write_text(head + text, encoding="utf-8")


def part_of(line: str, run: dict[str, str]) -> str:
    """Return which file a line belongs to."""
    if line.startswith("torch=="):
        return "torch"
    if ONLY_FOR_CUDA.match(line):
        return "cuda"
    return "run" if line in run else "dev"


def resolved(requirements: str, preferred: str, versions: Sequence[str] = ()) -> dict[str, str]:
    """Return the locked packages by their first line, each with its hashes."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock.txt"
        output.write_text(preferred, encoding="utf-8")
        allowed = Path(folder) / "versions.txt"
        allowed.write_text("".join(f"{line}\n" for line in versions), encoding="utf-8")
        command = ["uv", "pip", "compile", "--universal", "--generate-hashes", "--no-header"]
        command += ["--no-annotate", "--quiet", "--python-version", OLDEST_PYTHON]
        command += ["--no-emit-package", LEFT_OUT, "--output-file", str(output)]
        command += ["--override", str(OVERRIDES), "--constraint", str(allowed)]
        command += ["--upgrade"] * bool(os.environ.get("UPGRADE"))
        subprocess.run([*command, str(ROOT / requirements)], check=True)
        text = output.read_text(encoding="utf-8")
    blocks = re.findall(r"^[a-z].*\n(?:    .*\n)*", text, re.MULTILINE | re.IGNORECASE)
    return {block.partition("\n")[0]: block for block in blocks}


def cpu_builds(torch: str, old: str) -> str:
    """Return the lock of torch for the CPU: the hashes that were found, and those of the old one.

    Args:
        torch: the lock of torch as PyPI has it.
        old: the lock for the CPU so far; it counts if it is of the same version.
    """
    first = f"{torch.split()[0]}+cpu"
    version = first.removeprefix("torch==")
    hashes = hashes_on_index(version) | hashes_in_folders(version)
    if first in old.split():
        hashes |= set(HASH.findall(old))
    return " \\\n    ".join([first, *(f"--hash={value}" for value in sorted(hashes))]) + "\n"


def hashes_on_index(version: str) -> set[str]:
    """Return the hashes of the wheels of a version on the index of builds for the CPU."""
    try:
        with urllib.request.urlopen(CPU_INDEX, timeout=TIMEOUT_S) as answer:
            page = answer.read().decode("utf-8", "replace")
    except OSError as error:
        print(f"{CPU_INDEX} cannot be read ({error}): its hashes are kept as they are.")
        return set()
    named = re.escape(quote(f"torch-{version}-"))
    wheels = re.findall(rf"{named}[^\"#]*-manylinux[^\"#]*#sha256=([0-9a-f]{{64}})", page)
    return {f"sha256:{value}" for value in wheels}


def hashes_in_folders(version: str) -> set[str]:
    """Return the hashes of the wheels of a version in pip's `find-links` folders."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.find-links"]
    shown = subprocess.run(command, capture_output=True, text=True).stdout
    folders = {*shown.split(), *os.environ.get("PIP_FIND_LINKS", "").split()}
    wheels = [wheel for folder in folders for wheel in Path(folder).glob(f"torch-{version}-*.whl")]
    return {f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" for wheel in wheels}


def read(path: Path) -> str:
    """Return a file's text, "" if there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    main()
