"""Corrections: those who received an answer that was wrong are told."""
