"""Many customers and staff at once: the soak with killed processes, and what the load bench uses.

``python -m tests.load.soak`` runs the whole of it; the test here is a short one.
"""
