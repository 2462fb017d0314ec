"""Calls to us: service questions, one's own follow-up and fee, a message, a person; by words or by keys alike."""
