"""Patients and their relatives: personal data encrypted per field, found by blind indexes."""
