"""Cases: pieces of work with a number, an owner and a deadline."""
