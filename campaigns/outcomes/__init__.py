"""What a finished call does to the attempt, the task, the answers, the target and the patient, in one transaction."""
