"""Tasks whose texts are made with a seed: any length, any depth, nothing to download."""
