"""A follow-up that is due, done in a call that the patient makes: accounted for as a call of ours."""
