"""The PDF reader, and what it takes to turn pages into readable text."""
