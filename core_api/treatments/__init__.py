"""Anchor events of a patient's treatment, from which follow-up dates are counted."""
