"""What the bot says next: pure decisions on a turn, by subject."""
