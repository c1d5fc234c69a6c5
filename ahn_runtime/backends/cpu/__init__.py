"""The backend for a CPU: exact int8 products, and loops compiled by numba.

Every fast path has a twin in `ahn_runtime.backends.torch`, which also serves what it does not
support.
"""
