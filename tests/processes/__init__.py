"""Tests that run the whole product, with all its processes."""
