"""Who may do what: every route, and what each sort of caller gets.

The columns, in three groups:

* nobody, another customer, the customer whose conversation it is;
* staff of another group, a colleague of the same group, whoever holds the conversation;
* a supervisor, an administrator, somebody of the coordinating department.

======  ==============================================================
``+``   allowed
``o``   allowed to ask, but the conversation is somebody else's (409)
``x``   known, and refused: 403, recorded
``?``   unknown here: 401
``-``   not there for this caller: 404
``s``   403 to whoever has no signature, whoever they are
======  ==============================================================

A word after ``#`` tells apart two requests to one route.

The conversation is about metrology and held by a member of that group; after ``#with_bot`` the
bot serves it. A new route needs a line here, and in ``stage.REQUESTS`` if it needs a body or a
query to be understood.
"""

from __future__ import annotations

CALLERS = (
    "nobody",
    "stranger",
    "owner",
    "other_group",
    "colleague",
    "holder",
    "supervisor",
    "admin",
    "coordinator",
)

_C = "<conversation_id:str>"

PUBLIC = "+++ +++ +++"
CUSTOMERS_OWN = "?-+ ??? ???"
SIGNED_IN = "??? +++ +++"
SERVING = "??? +++ ++x"
READERS = "??? x++ ++x"
HOLDER = "??? oo+ oox"
SUPERVISING = "??? xxx ++x"
UNSIGNED = "sss sss sss"

RIGHTS: dict[str, str] = {
    # Pages and files.
    "GET /": PUBLIC,
    "GET /desk": PUBLIC,
    "GET /desk/static/<__file_uri__:path>": PUBLIC,
    "GET /static/<__file_uri__:path>": PUBLIC,
    "GET /widget": PUBLIC,
    "GET /widget.js": PUBLIC,
    "GET /widget/static/<__file_uri__:path>": PUBLIC,
    # For watchers.
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": PUBLIC,
    # The widget. Staff have no token, so to it they are nobody.
    "POST /api/widget/conversations": PUBLIC,
    f"GET /api/widget/conversations/{_C}/changes": CUSTOMERS_OWN,
    f"GET /api/widget/conversations/{_C}/live": CUSTOMERS_OWN,
    f"POST /api/widget/conversations/{_C}/messages": CUSTOMERS_OWN,
    f"POST /api/widget/conversations/{_C}/attachments": CUSTOMERS_OWN,
    f"GET /api/widget/conversations/{_C}/attachments/<attachment_id:str>/link": CUSTOMERS_OWN,
    f"POST /api/widget/conversations/{_C}/feedback": CUSTOMERS_OWN,
    f"POST /api/widget/conversations/{_C}/handoff": CUSTOMERS_OWN,
    f"POST /api/widget/conversations/{_C}/typing": CUSTOMERS_OWN,
    # Files: to the customer, and to whoever may read the conversation.
    "GET /api/attachments/<attachment_id:str>": "?-+ x++ ++x",
    # Signing in and out.
    "POST /api/desk/login": PUBLIC,
    "POST /api/desk/logout": SIGNED_IN,
    "GET /api/desk/me": SIGNED_IN,
    # What everybody who serves has.
    "GET /api/desk/board": SERVING,
    "GET /api/desk/canned": SERVING,
    "POST /api/desk/canned": SERVING,
    "PUT /api/desk/canned/<canned_id:int>": "??? --+ --x",
    "DELETE /api/desk/canned/<canned_id:int>": "??? --+ --x",
    "GET /api/desk/canned/offers": SERVING,
    "POST /api/desk/canned/used": SERVING,
    "GET /api/desk/cases": SERVING,
    "GET /api/desk/cases/calling": SERVING,
    "GET /api/desk/cases/<number:str>": READERS,
    "POST /api/desk/cases/<number:str>/advance": READERS,
    "GET /api/desk/changes": SERVING,
    "GET /api/desk/colleagues": SERVING,
    "GET /api/desk/conversations": SERVING,
    "GET /api/desk/deliveries": SERVING,
    "GET /api/desk/enterprises": SERVING,
    "POST /api/desk/enterprises": SERVING,
    "GET /api/desk/live": SERVING,
    "GET /api/desk/mentions": SERVING,
    "GET /api/desk/mentions/colleagues": SERVING,
    "GET /api/desk/presence": SERVING,
    "POST /api/desk/presence": SERVING,
    "POST /api/desk/presence/heartbeat": SERVING,
    "GET /api/desk/presence/log": SERVING,
    "GET /api/desk/presence/log #of_bob": "??? +xx ++x",
    "GET /api/desk/search": SERVING,
    "GET /api/desk/suggestions": SERVING,
    # One conversation. Its state decides who may act on it; who may read it, their group.
    f"GET /api/desk/conversations/{_C}": READERS,
    f"GET /api/desk/conversations/{_C}/similar": READERS,
    f"PUT /api/desk/conversations/{_C}/draft": READERS,
    f"PUT /api/desk/conversations/{_C}/read": READERS,
    f"POST /api/desk/conversations/{_C}/binding": READERS,
    f"DELETE /api/desk/conversations/{_C}/binding": READERS,
    f"POST /api/desk/conversations/{_C}/accept": HOLDER,
    f"POST /api/desk/conversations/{_C}/accept #with_bot": READERS,
    f"POST /api/desk/conversations/{_C}/messages": HOLDER,
    f"POST /api/desk/conversations/{_C}/messages #note": SERVING,
    f"POST /api/desk/conversations/{_C}/attachments": HOLDER,
    f"POST /api/desk/conversations/{_C}/postpone": HOLDER,
    f"POST /api/desk/conversations/{_C}/resume": HOLDER,
    f"POST /api/desk/conversations/{_C}/requeue": HOLDER,
    f"POST /api/desk/conversations/{_C}/resolve": HOLDER,
    f"POST /api/desk/conversations/{_C}/return_to_bot": HOLDER,
    f"POST /api/desk/conversations/{_C}/transfer": HOLDER,
    f"POST /api/desk/conversations/{_C}/transfer #group": HOLDER,
    f"POST /api/desk/conversations/{_C}/transfer/accept": HOLDER,
    f"POST /api/desk/conversations/{_C}/transfer/refuse": "??? ooo oox",
    f"POST /api/desk/conversations/{_C}/transfer/withdraw": "??? ooo oox",
    # Whoever does not hold it is told that nobody was told.
    f"POST /api/desk/conversations/{_C}/typing": SERVING,
    "POST /api/desk/deliveries/<message_id:str>": "??? xo+ ++x",
    # WeChat: Tencent signs what it calls, and we sign the links we give to its customers.
    "GET /wechat/callback": UNSIGNED,
    "POST /wechat/callback": UNSIGNED,
    "GET /wechat/kf/callback": UNSIGNED,
    "POST /wechat/kf/callback": UNSIGNED,
    "GET /wechat/messages/<message_id:str>": "--- --- ---",
    # Supervision.
    f"POST /api/desk/conversations/{_C}/take_over": SUPERVISING,
    f"POST /api/desk/conversations/{_C}/erase_customer": SUPERVISING,
    "GET /api/desk/refusals": SUPERVISING,
    "POST /api/desk/colleagues/<username:str>/capacity": SUPERVISING,
}
