"""The service desk's own memory: what staff have read, begun to write, keep ready and look up."""
