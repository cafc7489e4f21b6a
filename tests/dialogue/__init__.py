"""Dialogues, played through the trained model."""
