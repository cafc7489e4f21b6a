"""Attachments: what files are, what they are called, where they lie, who may have them."""
