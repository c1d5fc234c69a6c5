"""The student computes what a session computes; loss and gradients equal those of autograd."""

import pytest
import torch
import torch.nn.functional as F

from training import distill
from training.distill import Window, distillation_loss, student_forward, teacher_forward

TOKENS = 101


def ids_of(runtime, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(runtime.config.vocab_size, (TOKENS,), generator=generator)


VIEWS = [(24, 4), (17, 0), (5, 13), (90, 10)]
RETAINING = [(24, 4, 1), (24, 4, 40), (17, 0, 9), (5, 13, 9), (1, 2, 3), (64, 10, 20)]


@pytest.mark.parametrize(
    "window, sinks, retain, block",
    [(*view, 0, block) for view in VIEWS for block in (1024, 7)]
    + [(*view, 1024) for view in RETAINING],
)
def test_the_student_forward_equals_the_session(
    load_each, monkeypatch, window, sinks, retain, block
):
    monkeypatch.setattr(distill, "QUERY_BLOCK_TOKENS", block)
    runtime = load_each(window=window, sinks=sinks, retain=retain)
    ids = ids_of(runtime)
    view = Window(window, sinks, TOKENS, retain)
    _, shares = teacher_forward(runtime.model, runtime.backend, ids, view)
    student = runtime.model.lm_head(
        student_forward(runtime.model, runtime.backend, ids, view, shares)
    )
    session = runtime.session().feed(ids, logits="all")[view.first :]
    torch.testing.assert_close(student, session, atol=1e-4, rtol=0)


def test_the_teacher_forward_equals_full_attention(load_tiny):
    full = load_tiny(window=None, sinks=0)
    ids = ids_of(full)
    final, _ = teacher_forward(full.model, full.backend, ids, Window(24, 4, TOKENS))
    expected = full.session().feed(ids, logits="all")[28:]
    torch.testing.assert_close(full.model.lm_head(final), expected, atol=1e-4, rtol=0)


def test_an_untrained_memory_equals_the_window_alone(tiny_dirs, load_tiny):
    runtime = load_tiny(ahn="untrained:Mamba2")
    assert runtime.memory_status == "untrained" and runtime.stream.cell == "Mamba2"
    ids, view = ids_of(runtime), Window(24, 4, TOKENS)
    _, shares = teacher_forward(runtime.model, runtime.backend, ids, view)
    untrained = runtime.model.lm_head(
        student_forward(runtime.model, runtime.backend, ids, view, shares)
    )
    alone = load_tiny(ahn=None).session().feed(ids, logits="all")[28:]
    torch.testing.assert_close(untrained, alone, atol=1e-4, rtol=0)


@pytest.mark.parametrize("retain", [0, 9])
def test_recomputing_activations_does_not_change_the_gradients(load_each, retain):
    runtime = load_each()
    ids, view = ids_of(runtime), Window(24, 4, TOKENS, retain)
    memory = [p for n, p in runtime.model.named_parameters() if ".ahn." in n and ".fn.D" not in n]
    _, shares = teacher_forward(runtime.model, runtime.backend, ids, view)
    found = []
    for recompute in (False, True):
        for parameter in memory:
            parameter.requires_grad_()
        out = student_forward(runtime.model, runtime.backend, ids, view, shares, recompute)
        found.append(torch.autograd.grad(out.square().sum(), memory))
    for kept, again in zip(*found, strict=True):
        assert kept.any()
        assert torch.equal(kept, again)


def test_the_distillation_loss_and_its_gradient_equal_those_of_autograd(load_tiny, monkeypatch):
    monkeypatch.setattr(distill, "HEAD_BLOCK_TOKENS", 5)
    head = load_tiny().model.lm_head
    torch.manual_seed(0)
    student, teacher = torch.randn(13, 32, requires_grad=True), torch.randn(13, 32)
    targets, weights = torch.randint(250, (13,)), torch.rand(13)
    losses, gradient = distillation_loss(head, student, teacher, targets, weights)
    log_p, log_p_teacher = head(student).log_softmax(-1), head(teacher).log_softmax(-1)
    each = F.kl_div(log_p, log_p_teacher, reduction="none", log_target=True).sum(-1)
    expected = (weights * each).sum()
    (by_autograd,) = torch.autograd.grad(expected, student)
    torch.testing.assert_close(gradient, by_autograd, atol=1e-5, rtol=1e-4)
    assert losses.divergence == pytest.approx(expected.item(), rel=1e-5)
    entropy = (weights * F.cross_entropy(head(student), targets, reduction="none")).sum()
    assert losses.student == pytest.approx(entropy.item(), rel=1e-5)
    of_teacher = (weights * F.cross_entropy(head(teacher), targets, reduction="none")).sum()
    assert losses.teacher == pytest.approx(of_teacher.item(), rel=1e-5)
