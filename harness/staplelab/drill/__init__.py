"""The drill: what an OCSP outage does to a configuration of one's own."""
