"""What a scenario's author sees: the lab, and what a scenario leaves."""
