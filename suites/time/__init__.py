"""Refresh, retry, expiry, clocks that jump."""
