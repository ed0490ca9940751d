"""What nginx makes of its directives, its certificates and their URLs."""
