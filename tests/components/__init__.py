"""Tests of what runs inside Rasa's process."""
