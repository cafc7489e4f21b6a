"""Conversations: the ledger, turns, who speaks, and the feed of changes."""
