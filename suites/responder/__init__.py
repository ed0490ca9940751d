"""Every fault of the OCSP responder."""
