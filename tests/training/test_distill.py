"""The training's forward is the session's, and its loss and gradients are what they say."""

import pytest
import torch
import torch.nn.functional as F

from training import distill
from training.distill import Window, compare, study, teach

TOKENS = 101


def ids_of(runtime, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(runtime.config.vocab_size, (TOKENS,), generator=generator)


@pytest.mark.parametrize("block", [1024, 7])
@pytest.mark.parametrize("window, sinks", [(24, 4), (17, 0), (5, 13), (90, 10)])
def test_the_student_is_the_session(load_each, monkeypatch, window, sinks, block):
    monkeypatch.setattr(distill, "QUERY_BLOCK_TOKENS", block)
    runtime = load_each(window=window, sinks=sinks)
    ids = ids_of(runtime)
    view = Window(window, sinks, TOKENS)
    _, shares = teach(runtime.model, runtime.backend, ids, view)
    ours = runtime.model.lm_head(study(runtime.model, runtime.backend, ids, view, shares))
    theirs = runtime.session().feed(ids, logits="all")[view.first :]
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_the_teacher_is_full_attention(load_tiny):
    full = load_tiny(window=None, sinks=0)
    ids = ids_of(full)
    final, _ = teach(full.model, full.backend, ids, Window(24, 4, TOKENS))
    expected = full.session().feed(ids, logits="all")[28:]
    torch.testing.assert_close(full.model.lm_head(final), expected, atol=1e-4, rtol=0)


def test_a_new_memory_starts_as_the_window_alone(tiny_dirs, load_tiny):
    runtime = load_tiny(ahn="untrained:Mamba2")
    assert runtime.memory_status == "untrained" and runtime.stream.cell == "Mamba2"
    ids, view = ids_of(runtime), Window(24, 4, TOKENS)
    _, shares = teach(runtime.model, runtime.backend, ids, view)
    ours = runtime.model.lm_head(study(runtime.model, runtime.backend, ids, view, shares))
    alone = load_tiny(ahn=None).session().feed(ids, logits="all")[28:]
    torch.testing.assert_close(ours, alone, atol=1e-4, rtol=0)


def test_recomputing_changes_no_gradient(load_each):
    runtime = load_each()
    ids, view = ids_of(runtime), Window(24, 4, TOKENS)
    memory = [p for n, p in runtime.model.named_parameters() if ".ahn." in n and ".fn.D" not in n]
    _, shares = teach(runtime.model, runtime.backend, ids, view)
    found = []
    for recompute in (False, True):
        for parameter in memory:
            parameter.requires_grad_()
        out = study(runtime.model, runtime.backend, ids, view, shares, recompute)
        found.append(torch.autograd.grad(out.square().sum(), memory))
    for kept, again in zip(*found, strict=True):
        assert kept.any()
        assert torch.equal(kept, again)


def test_the_loss_and_its_gradient_are_those_of_autograd(load_tiny, monkeypatch):
    monkeypatch.setattr(distill, "HEAD_BLOCK_TOKENS", 5)
    head = load_tiny().model.lm_head
    torch.manual_seed(0)
    student, teacher = torch.randn(13, 32, requires_grad=True), torch.randn(13, 32)
    targets, weights = torch.randint(250, (13,)), torch.rand(13)
    losses, gradient = compare(head, student, teacher, targets, weights)
    ours, theirs = head(student).log_softmax(-1), head(teacher).log_softmax(-1)
    each = F.kl_div(ours, theirs, reduction="none", log_target=True).sum(-1)
    expected = (weights * each).sum()
    (by_autograd,) = torch.autograd.grad(expected, student)
    torch.testing.assert_close(gradient, by_autograd, atol=1e-5, rtol=1e-4)
    assert losses.divergence == pytest.approx(expected.item(), rel=1e-5)
    entropy = (weights * F.cross_entropy(head(student), targets, reduction="none")).sum()
    assert losses.student == pytest.approx(entropy.item(), rel=1e-5)
    of_teacher = (weights * F.cross_entropy(head(teacher), targets, reduction="none")).sum()
    assert losses.teacher == pytest.approx(of_teacher.item(), rel=1e-5)
