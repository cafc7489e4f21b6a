"""Actions, run on made-up trackers."""
