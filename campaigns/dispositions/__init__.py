"""What can come of a call, as data: the table decides about retries, the task and the list for people."""
