"""What Rasa may do: one module per capability, each thin over a service in ``bot``."""
