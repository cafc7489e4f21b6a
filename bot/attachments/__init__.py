"""Attachments: files that customers and staff send each other within a conversation."""
