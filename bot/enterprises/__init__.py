"""Enterprises: who they are, and which customers speak for them."""
