"""The scenarios, by theme: what `make run` runs."""
