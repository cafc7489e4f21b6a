"""The enterprise's side: the platform page, the embeddable assistant and its API."""
