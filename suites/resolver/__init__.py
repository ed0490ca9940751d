"""nginx's resolver: its whole model."""
