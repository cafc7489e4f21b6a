"""The knowledge base as the product uses it."""
