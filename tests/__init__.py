"""Tests, arranged like the code they test."""
