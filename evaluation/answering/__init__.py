"""The compared ways to answer an item, from nothing but the question up to the whole assistant."""
