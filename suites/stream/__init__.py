"""Stapling in stream{}."""
