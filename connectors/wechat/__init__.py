"""WeChat's side: the callback, and the page that shows what was too long for a chat."""
