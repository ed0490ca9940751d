"""ssl_stapling_file: a response that nobody is asked for."""
