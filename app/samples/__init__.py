"""What ships with the application to be tried: a short book, and a note on where it is from."""

from __future__ import annotations

from pathlib import Path

SAMPLE = Path(__file__).with_name("the-story-of-prince-yamato-take.md")
SAMPLE_TITLE = "The Story of Prince Yamato Take"
"""The title that the book states of itself."""
