"""Resources: institutions, shared instruments, experts, standards, and who can do what."""
