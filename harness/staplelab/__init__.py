"""Staplelab: an integration test harness and fault-injection lab for OCSP stapling in nginx."""

__version__ = "0.1.0"
