"""What operators are taught, held against what nginx does."""
