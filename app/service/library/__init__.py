"""The library: files kept, registered, versioned, indexed, fetched and followed."""
