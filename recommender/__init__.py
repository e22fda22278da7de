"""Whom and what to suggest, and why: candidates, features, ranking, evidence."""
