"""A live call: audio in and out, marks, keys, silence, turns, recording."""
