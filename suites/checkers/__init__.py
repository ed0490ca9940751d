"""What other programs say of the staples that staple-check judges, and who is right."""
