"""微信客服's side: the callback that says there is something to read."""
