"""微信客服: customers who write to a WeCom company from WeChat, without following anything."""
