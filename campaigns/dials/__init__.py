"""Calls that people dial by hand: the policy asked, the rule overridden where it may be, what it came to."""
