"""What the checklist of requirements asks for and no other suite looks at, and what is measured."""
