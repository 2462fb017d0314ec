"""Frozen-embryo storage contracts and what is owed on them."""
