"""The product's rules and records, one folder per noun."""
