"""What a run leaves, and the views of it."""
