"""HTTP: one folder per connector, in one web application."""
