"""Workers, reload, crash, several servers and certificates."""
