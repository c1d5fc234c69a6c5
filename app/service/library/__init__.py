"""The library: documents' files are copied, registered, versioned, indexed, fetched and followed.

Knows nothing of answers or of the use cases above it.
"""
