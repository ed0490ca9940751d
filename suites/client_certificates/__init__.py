"""Clients whose certificates nginx checks by OCSP (`ssl_ocsp`): who is let in, and who is asked."""
