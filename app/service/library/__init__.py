"""The library: files kept, indexed, versioned, fetched and followed."""
