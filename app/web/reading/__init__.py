"""What is being read: a card in the chat tab, as long as there is something to read."""
