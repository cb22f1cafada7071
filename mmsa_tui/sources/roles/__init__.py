"""Which column of a table is what: by what the user says, by name, by content.

Knows the names of columns and a sample of their cells, no file and no record. Every choice carries its
reason, so that a person can see it and overrule it.
"""

from mmsa_tui.sources.roles.choose import Roles, choose_roles

__all__ = ["Roles", "choose_roles"]
