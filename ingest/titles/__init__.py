"""The titles by which people know documents: those that files state, judged, else their names."""
