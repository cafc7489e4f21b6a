"""Privacy: what becomes of what we know about a person who wants to be forgotten."""
