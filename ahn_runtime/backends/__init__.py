"""The backends: torch, CPU loops and CUDA kernels, and the one choice between them."""
