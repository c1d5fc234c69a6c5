"""The chat tab: questions, answers as they grow, and the passages below them."""
