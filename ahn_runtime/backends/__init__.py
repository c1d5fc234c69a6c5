"""Who computes: the torch path, the CPU loops, the CUDA kernels, and the one choice between them."""
