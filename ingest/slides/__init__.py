"""The reader of PowerPoint presentations: slide by slide, with titles, tables and notes."""
