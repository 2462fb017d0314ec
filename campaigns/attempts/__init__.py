"""One try to reach one person: a row with a state machine, claimed with a lease."""
