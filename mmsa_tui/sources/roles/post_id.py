"""Which column holds the id of a post, or the address that does; ids that a spreadsheet has rounded."""

from __future__ import annotations

from mmsa_tui.sources.ids import clean_id, have_lost_digits, id_in_address
from mmsa_tui.sources.roles.candidates import Candidates
from mmsa_tui.sources.roles.fits import (
    holds_post_ids,
    is_address_with_id,
    is_id_of_many,
    may_be_called_id,
    may_be_id,
)

_FILED_UNDER = "_id"
_OF_OBJECT = ("objectid", "objecttype")
"""How Facepager names what an API gave, beside an id that counts its own rows."""
_RECORDS = frozenset(("fields", "doc", "attributes", "record", "row", "properties"))
_ACCOUNT_IDS = frozenset(("twitterid", "facebookid", "instagramid", "tiktokid", "fbid"))


def take_id(table: Candidates) -> tuple[str, bool]:
    """Return the column of the id, and whether that is a part of an address."""
    if "id" in table.said:
        column = table.said["id"][0]
        if have_lost_digits(table.cells(column).filled):
            table.notes.append(_rounded(column, "as you said it is the id, it is kept"))
        return column, False
    usable: list[str] = []
    rounded = ""
    for column in table.called("id"):
        if not table.fits(may_be_id, column) or (table.is_annotated and table.names[column].full == "id"):
            continue
        if _is_of_account(table, column):
            continue
        if have_lost_digits(table.cells(column).filled):
            rounded = rounded or column
        elif not table.fits(is_id_of_many, column):
            usable.append(column)
    # Of ids that repeat, several rows are about one post; an id of the row is better.
    unique = [column for column in usable if table.cells(column).is_unique]
    if set(_OF_OBJECT) <= {name.full for name in table.names.values()}:
        unique = [column for column in unique if table.names[column].full == _OF_OBJECT[0]] or unique
    # What files posts gives each a number of its own, beside the post's: `_id`, or `id` beside `fields.id`.
    within = [c for c in unique if table.names[c].is_nested and table.names[c].parts[-2] in _RECORDS]
    own = [column for column in unique if column != _FILED_UNDER]
    filed = own and table.names[own[0]].parts == ("id",)
    chosen = next(iter((within if filed else []) or own or unique or usable), "")
    if chosen and (not rounded or chosen in unique):
        if rounded:
            table.notes.append(_rounded(rounded, f"the id is taken from `{chosen}`"))
        return table.take("id", chosen, "by its name"), False
    address = next(table.free(is_address_with_id), "")
    if address and (rounded or not chosen):
        if rounded:
            table.notes.append(_rounded(rounded, f"the id is taken from `{address}`"))
        return table.take("id", address, "the address of the post holds its id"), True
    if not rounded and not chosen and (called := next(table.free(may_be_called_id), "")):
        return table.take("id", called, "it is called an id, and no two rows share one"), False
    if not rounded and not chosen and (held := next(table.free(holds_post_ids), "")):
        return table.take("id", held, "its cells are long numbers, and no two rows share one"), False
    if rounded:
        table.notes.append(_rounded(rounded, "the number of the row takes the place of the id"))
    return "", False


def _is_of_account(table: Candidates, column: str) -> bool:
    """Whether `twitterId` is what some tools call the account: the address of the post has another."""
    may_be = table.names[column].full in _ACCOUNT_IDS
    address = next(table.free(is_address_with_id), "") if may_be else ""
    if not address:
        return False
    rows = [(row.get(column, ""), id_in_address(row.get(address, ""))) for row in table.sample]
    return not any(clean_id(said) == told for said, told in rows if said)


def _rounded(column: str, what: str) -> str:
    return (
        f"the ids in column `{column}` have lost their last digits: a spreadsheet keeps 15 digits of a "
        f"number; {what}"
    )
