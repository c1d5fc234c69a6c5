"""From a name to a model: presets, downloads, files of weights, and what is derived from them."""
