"""Clients that wait, stop half-way, and stand side by side."""
