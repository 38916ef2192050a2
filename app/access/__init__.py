"""Who may do what: roles, and the links, sessions and tokens that carry one. OIDC, approvals and the audit chain join here."""

from app.access.access import Access
from app.access.credential import Credential, Issued, Kind
from app.access.roles import Need, Role, may

__all__ = ["Access", "Credential", "Issued", "Kind", "Need", "Role", "may"]
