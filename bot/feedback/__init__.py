"""Feedback: what customers say about an answer, a conversation, the service."""
