"""A training lowers the loss, changes only the memory, and resumes bit for bit after a kill."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from ahn_runtime import Runtime
from ahn_runtime.loading.tiny import write_tiny
from ahn_runtime.model.cells import CELLS
from tests.support.paths import ROOT
from training import TrainingError, TrainingSettings, train
from training.data import Corpus
from training.metrics import MetricsFile, read_metrics
from training.optimiser import learning_rate

ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}


def fresh(directory, cell="GatedDeltaNet"):
    return Runtime.load(directory, ahn=f"untrained:{cell}", window=24, sinks=4)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("retained", [(), (25,)])
def test_training_lowers_the_loss_and_changes_only_the_memory(
    tiny_dir, corpus_for, settings_for, tmp_path, cell, retained
):
    # Every step trains on the same sequences, so the loss must fall.
    options = {"length": 192, "windows": (24,), "positions": 0, "steps": 10, "learning_rate": 3e-3}
    options["retained"] = retained
    corpus = corpus_for(**options, batch=6)
    corpus.num_sequences = corpus.size = 6
    settings = settings_for(**options, batch=6)
    runtime = fresh(tiny_dir, cell)
    before = {n: p.clone() for n, p in runtime.model.named_parameters()}
    losses = [row.loss for row in train(runtime, corpus, settings, tmp_path).metrics]
    assert losses[-1] < (0.95 if retained else 0.9) * losses[0]
    changed = {n for n, p in runtime.model.named_parameters() if not torch.equal(p, before[n])}
    memory = {n for n in before if ".ahn.fn." in n and not n.endswith(".fn.D")}
    assert changed == memory


def test_the_written_release_loads_as_the_trained_memory(
    tiny_dir, corpus_for, settings_for, tmp_path, load_each
):
    cell = load_each().stream.cell
    runtime = fresh(tiny_dir, cell)
    train(runtime, corpus_for(), settings_for(learning_rate=0.1), tmp_path)
    loaded = Runtime.load(tiny_dir, ahn=tmp_path, window=24, sinks=4)
    assert loaded.stream.cell == cell and loaded.memory_status == "trained"
    stored = load_file(tmp_path / "model.safetensors")
    names = {n for n, _ in runtime.model.named_parameters() if ".ahn.fn." in n}
    assert set(stored) == names
    for name, tensor in stored.items():
        exact = name.endswith(("A_log", "dt_bias"))
        assert tensor.dtype == (torch.float32 if exact else torch.bfloat16), name
    ids = torch.randint(256, (120,), generator=torch.Generator().manual_seed(0))
    trained, released, window = (
        r.session().feed(ids, logits="all").log_softmax(-1)
        for r in (runtime, loaded, Runtime.load(tiny_dir, ahn=None, window=24, sinks=4))
    )
    moved = (trained - window).abs().mean()
    assert moved > 0.01
    assert (trained - released).abs().mean() < 0.05 * moved
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model_type"] == "qwen2" and config["_ahn_implementation"] == cell
    assert config["hidden_size"] == 32


def tensors_hash(output):
    index = json.loads((output / "training" / "state.json").read_text())
    data = (output / "training" / index["tensors"]).read_bytes()
    released = (output / "model.safetensors").read_bytes()
    return index["steps_done"], hashlib.sha256(data + released).hexdigest()


class Stopped(Exception):
    pass


def test_a_resumed_training_ends_in_the_same_bits_as_an_uninterrupted_one(
    tiny_dir, corpus_for, settings_for, tmp_path, load_each
):
    cell = load_each().stream.cell
    options = {"steps": 7, "save_every": 2, "batch": 2, "made": 0.3, "learning_rate": 0.01}
    options["retained"] = (0, 40)
    corpus, settings = corpus_for(**options), settings_for(**options)
    whole = train(fresh(tiny_dir, cell), corpus, settings, tmp_path / "whole")

    def stop(row):
        if row.step == 5:
            raise Stopped

    with pytest.raises(Stopped):
        train(fresh(tiny_dir, cell), corpus, settings, tmp_path / "parts", stop)
    rest = train(fresh(tiny_dir, cell), corpus, settings, tmp_path / "parts")
    assert rest.resumed_from == 4
    assert tensors_hash(tmp_path / "parts") == tensors_hash(tmp_path / "whole")
    assert [r.loss for r in rest.metrics] == [r.loss for r in whole.metrics]
    assert [r.step for r in read_metrics(tmp_path / "parts" / "metrics.jsonl")] == [*range(1, 8)]
    again = train(fresh(tiny_dir, cell), corpus, settings, tmp_path / "parts")
    assert again.resumed_from == 7, "a finished training is not changed"


def launch(tiny_dir, book, output, *more):
    return [
        *(sys.executable, str(ROOT / "launch.py"), "train", str(book)),
        *("--output", str(output), "--model", str(tiny_dir), "--length", "96", "--steps", "60"),
        *("--windows", "24,37", "--save-every", "3", "--device", "cpu", "--lr", "0.01", *more),
    ]


def train_here(tiny_dir, book, output, **options):
    """Run the training that `launch` starts in this process."""
    settings = TrainingSettings(
        texts=(book,), length=96, windows=(24, 37), learning_rate=0.01, **options
    )
    runtime = Runtime.load(tiny_dir, ahn="untrained:GatedDeltaNet", device="cpu")
    train(runtime, Corpus.read(settings, runtime.tokenizer), settings, output)


def test_a_killed_training_resumes_and_ends_in_the_same_bits(tiny_dir, book, tmp_path):
    command = launch(tiny_dir, book, tmp_path / "parts", "--json")
    metrics = tmp_path / "parts" / "metrics.jsonl"
    with subprocess.Popen(command, env=ALONE, stderr=subprocess.DEVNULL) as child:
        while not metrics.is_file() or len(metrics.read_bytes().splitlines()) < 10:
            assert child.poll() is None, "it ended before it could be killed"
        child.kill()
    assert json.loads((tmp_path / "parts/training/state.json").read_text())["steps_done"] < 60
    done = subprocess.run(command, capture_output=True, text=True, env=ALONE, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 60
    train_here(tiny_dir, book, tmp_path / "whole", steps=60)
    assert tensors_hash(tmp_path / "parts") == tensors_hash(tmp_path / "whole")


def test_a_saved_state_of_another_training_or_a_damaged_one_raises_an_error(
    tiny_dir, corpus_for, settings_for, tmp_path
):
    corpus = corpus_for()
    train(fresh(tiny_dir), corpus, settings_for(steps=2), tmp_path)
    with pytest.raises(TrainingError, match="with steps 2, but steps is 3 now"):
        train(fresh(tiny_dir), corpus, settings_for(steps=3), tmp_path)
    with pytest.raises(TrainingError, match="with cell 'GatedDeltaNet'|with memory"):
        train(fresh(tiny_dir, "DeltaNet"), corpus, settings_for(steps=2), tmp_path)
    (tensors,) = (tmp_path / "training").glob("state-*")
    tensors.write_bytes(tensors.read_bytes()[:-1])
    with pytest.raises(TrainingError, match="damaged"):
        train(fresh(tiny_dir), corpus, settings_for(steps=2), tmp_path)
    (tmp_path / "training" / "state.json").write_text("{")
    with pytest.raises(TrainingError, match="damaged"):
        train(fresh(tiny_dir), corpus, settings_for(steps=2), tmp_path)


@pytest.mark.parametrize("first, then", [((0, 25), ()), ((), (25,))])
def test_a_training_resumes_only_with_its_retained_sets(
    tiny_dir, corpus_for, settings_for, tmp_path, first, then
):
    saved, other = ({"steps": 2, "retained": shares} for shares in (first, then))
    train(fresh(tiny_dir), corpus_for(**saved), settings_for(**saved), tmp_path)
    with pytest.raises(TrainingError, match="retained"):
        train(fresh(tiny_dir), corpus_for(**other), settings_for(**other), tmp_path)


def test_training_without_a_memory_raises_an_error(tmp_path, corpus_for, settings_for, load_tiny):
    with pytest.raises(TrainingError, match="without a memory"):
        train(load_tiny(ahn=None), corpus_for(), settings_for(), tmp_path)


@pytest.mark.parametrize("ahn, said", [("untrained:Nothing", "Unknown memory 'Nothing'")])
def test_an_unknown_kind_of_memory_raises_an_error_with_its_name(tiny_dir, ahn, said):
    with pytest.raises(ValueError, match=said):
        Runtime.load(tiny_dir, ahn=ahn)


def test_a_new_memory_can_be_added_to_a_base_model_without_one(tmp_path):
    runtime = fresh(write_tiny(tmp_path, cell=None), "DeltaNet")
    weights = dict(runtime.model.named_parameters())
    assert not weights["model.layers.0.ahn.fn.o_proj.weight"].any()
    assert weights["model.layers.0.ahn.fn.b_proj.weight"].any()


def test_the_learning_rate_rises_and_falls(settings_for):
    settings = settings_for(steps=100, learning_rate=1.0)
    rates = [learning_rate(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[9] == rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True) and 0 < rates[-1] < 0.001


def test_the_metrics_file_is_cut_back_to_the_saved_step(
    tiny_dir, corpus_for, settings_for, tmp_path
):
    rows = train(fresh(tiny_dir), corpus_for(), settings_for(), tmp_path).metrics
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text() + '{"step": 5, "lo')
    assert MetricsFile(path, 3).rows == rows[:3]
    assert read_metrics(path) == rows[:3]
    drawn = (tmp_path / "loss.svg").read_text()
    assert "<svg" in drawn and "GatedDeltaNet" in drawn.replace("<!-- ", "")


def test_two_processes_give_the_same_result_as_one(tiny_dir, book, tmp_path):
    command = launch(tiny_dir, book, tmp_path / "two", "--batch", "2", "--steps", "3")
    command[1:1] = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    subprocess.run(command, check=True, env=ALONE, capture_output=True, timeout=120)
    train_here(tiny_dir, book, tmp_path / "one", steps=3, batch=2)
    outputs = (tmp_path / "one", tmp_path / "two")
    one, two = (load_file(output / "model.safetensors") for output in outputs)
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, atol=1e-5, rtol=1e-2)
    losses = [[r.loss for r in read_metrics(output / "metrics.jsonl")] for output in outputs]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_command_reports_a_wrong_option_in_one_sentence(tiny_dir, book, tmp_path):
    command = launch(tiny_dir, book, tmp_path, "--windows", "many")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "Error: --windows takes whole numbers separated by commas; got 'many'.\n"
