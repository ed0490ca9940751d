"""The request that nginx sends to a responder, octet by octet."""
