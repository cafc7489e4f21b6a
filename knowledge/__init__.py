"""What the platform knows and how it is found: text in, ranked answers out."""
