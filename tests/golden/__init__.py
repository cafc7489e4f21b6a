"""Questions kept apart from everything the bot learns from, to measure it with."""
