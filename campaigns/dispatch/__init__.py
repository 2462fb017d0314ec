"""Crash-safe dialling: plan, claim, dial, sweep and reconcile; Celery only wakes it."""
