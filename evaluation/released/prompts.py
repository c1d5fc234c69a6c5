"""Prompts that a benchmark prescribes."""

from __future__ import annotations

from evaluation.tasks.item import CONTEXT


def filled(template: str, **fields: str) -> str:
    """A template with its fields filled in, but for the text: `{context}` stays."""
    return template.format(context=CONTEXT, **fields)


def without_context(prompt: str) -> str:
    """What a prompt says before and after the text, as one instruction."""
    before, _, after = prompt.partition(CONTEXT)
    return "\n\n".join(part.strip() for part in (before, after) if part.strip())
