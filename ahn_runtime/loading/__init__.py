"""From a model's name to its weights: presets, downloads, file formats, quantized copies.

Knows no sessions and no states.
"""
