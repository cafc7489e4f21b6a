"""The staff desk: its page and its API."""
