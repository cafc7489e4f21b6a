"""What our pages let a browser load: nothing inline, nothing from elsewhere."""

from __future__ import annotations


def page_headers(*, framed_by: str) -> dict[str, str]:
    """The headers of a page; ``framed_by`` says who may show it inside another page."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {framed_by}"
    )
    return {"Content-Security-Policy": policy}
