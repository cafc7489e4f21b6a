"""What runs inside Rasa's process: its input channel, components and tracker store."""
