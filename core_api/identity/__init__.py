"""Staff accounts, sessions, roles and their permissions."""
