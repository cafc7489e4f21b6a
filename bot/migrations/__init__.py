"""The schema's history; ``migrate`` in ``bot.migrations.run`` brings a database up to date."""
