"""Every fault of the name server."""
