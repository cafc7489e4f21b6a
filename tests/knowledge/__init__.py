"""Tests of what the platform knows and how it is found."""
