"""Questions of patients outside a questionnaire: small talk, the knowledge base, their own facts, a person."""
