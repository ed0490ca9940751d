"""The server's life: configurations that it refuses, new ones, its end, another binary."""
