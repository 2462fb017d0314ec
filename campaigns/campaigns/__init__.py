"""Campaigns: which due tasks are called when, by which carrier, and how that goes."""
