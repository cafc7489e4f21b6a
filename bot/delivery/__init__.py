"""Delivery: what is said to customers on channels that must be pushed, until it is there."""
