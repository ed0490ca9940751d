"""nginx among other parts than the usual ones."""
