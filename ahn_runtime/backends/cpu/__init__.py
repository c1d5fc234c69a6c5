"""The int8 path on a CPU: exact integer products, and numba loops between them."""
