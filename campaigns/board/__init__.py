"""A campaign seen live: counts, outcomes, calls in progress; and what one would do before it is made."""
