"""The service categories of the guideline (《通用指南》5.1 and 5.2), by which all is counted."""

from __future__ import annotations

SERVICE_CATEGORIES = (
    "metrology",
    "standards",
    "testing",
    "certification",
    "quality_management",
    "brand",
    "ip",
    "policy",
    "supply_chain",
    "other",
)
# What the platform does not do, and messages without a service topic.
OUT_OF_SCOPE = "out_of_scope"
