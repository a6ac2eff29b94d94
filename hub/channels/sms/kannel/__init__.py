"""Kannel 1.4: an open gateway that speaks to operators and offers HTTP to us."""
