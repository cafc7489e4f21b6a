"""Tests of the desk's API and page."""
