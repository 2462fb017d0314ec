"""Laboratory results as series, with critical values."""
