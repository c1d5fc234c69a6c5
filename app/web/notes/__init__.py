"""Notes of one's own and kept answers, in the reader's last tab."""
