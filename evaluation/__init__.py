"""Measurements of quality: what a window and a memory change in a model's predictions."""
