"""WeChat official accounts: the protocol, the budget of replies, and what a message means to us."""
