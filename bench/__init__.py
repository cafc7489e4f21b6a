"""Our bot and stock Rasa, doing the same kind of work on the same machine in one run."""
