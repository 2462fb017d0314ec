"""Taking over a hospital's own export: sound rows go in, the rest is named row by row."""
