"""The people who serve: accounts, sign-in and working time."""
