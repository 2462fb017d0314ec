"""The real processes, driven over HTTP and looked at in the database, while one of them after the other is killed."""
