"""Whether the cells of a column are what its name, or a role, promises: of each role one claim.

Knows a name and a sample of cells, no table: what competes for a role is weighed beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from mmsa_tui.sources.columns import Name, is_weak, speaks_of_another_question, speaks_of_sentiment
from mmsa_tui.sources.files.cells import Column, count_words
from mmsa_tui.sources.ids import account_in, id_in_address
from mmsa_tui.sources.label_words import propose_map, spelled
from mmsa_tui.sources.timestamps import DateReader, to_iso_utc

_MAX_LABELS = 25
_LARGEST_CLASS = 10
_JOINTS = dict.fromkeys(map(ord, "_- /"))
# fmt: off
_NOT_WHEN_WRITTEN = frozenset((
    "collected", "query", "scraped", "updated", "update", "edited", "replied", "birth", "birthday", "joined",
    "retrieved", "exported", "export", "access", "accessed", "modified", "deleted", "end", "crawled",
    "downloaded", "imported", "registered", "expires", "current", "extracted", "extraction", "scrape",
    "fetched", "pulled", "labeled", "labelled", "annotated", "coded", "rated", "judged", "reviewed",
    "verified", "approved", "assigned", "worker", "coder", "annotator", "labeler", "labeller", "rater",
    "reviewer",
))
# fmt: on
"""Words in the names of columns that hold another moment than that of writing."""
# fmt: off
_OTHER_IDS = frozenset((
    "conversation", "thread", "parent", "reply", "quoted", "quote", "retweet", "retweeted", "group", "place",
    "media", "query", "campaign", "root", "link", "music", "facebook", "twitter", "task", "annotation", "job",
    "run", "session",
))
# fmt: on
"""Words in the names of columns with the id of something else than the post."""
_LISTS_OF_PICTURES = frozenset(
    ("media", "medias", "images", "photos", "pictures", "attachments", "mediaitems")
)
_POST_ID = re.compile(r"[1-9]\d{15,19}")
_EPOCH = re.compile(r"1[1-9]\d{8}")
_CODE = re.compile(r"[A-Za-z0-9_-]{5,64}")
_SHORT_ID = re.compile(r"(?!paid|said|valid|void|covid)[a-z]{1,4}id")
"""How data sets call an id of their own in one word: `pid`, `docid`."""
_FORM = 6
"""Characters that all titles begin with which a program has made, at least."""
# fmt: off
_OF_MODELS = frozenset((
    "pred", "predicted", "prediction", "predictions", "model", "auto", "automatic", "machine", "output",
    "vader", "textblob", "gpt", "llm", "bert", "roberta", "suggestion", "suggested",
))
# fmt: on
"""Words in the names of columns that a program has filled."""
_FLAGS = frozenset(("true", "false", "yes", "no", "0", "1"))


def is_of_post(name: Name) -> bool:
    """Whether a column tells of the post itself, not of who wrote it nor of another one."""
    return not (name.is_about_author or name.is_of_another_post or name.is_listed)


def is_text(name: Name, cells: Column) -> bool:
    """Whether a column that is called like a text may hold one."""
    if not cells.cells:
        # Nothing is known of a table without rows; its names are all there is.
        return not name.is_about_author
    if not is_of_post(name) or not cells.filled or _plain_share(cells) >= 0.95:
        return False
    if cells.is_structured and cells.shapes.get("", 0) and is_weak("text", name):
        return False
    if all(cell.strip().casefold() in _FLAGS for cell in cells.filled):
        return False  # whether there is a caption
    if reads_like_codes(cells):
        return False
    n_filled = len(cells.filled)
    if is_weak("text", name) and n_filled >= 3 and cells.words < 4 and cells.distinct <= max(1, n_filled / 3):
        return False  # whether an answer is complete
    # A column of a few words over and over is a label or a type.
    return not (len(cells.filled) >= 20 and cells.distinct <= 10 and cells.words < 2)


def is_title(name: Name, cells: Column) -> bool:
    """Whether a column that is called like a title holds words."""
    if not is_of_post(name) or not cells.filled or _plain_share(cells) >= 0.5:
        return False
    if cells.distinct > 2 and _are_of_a_form(cells):
        return False
    # That of a place that is reviewed, or of the thread, comes again and again.
    return len(cells.filled) < 3 or cells.distinct > max(1, len(cells.filled) / 2)


def _are_of_a_form(cells: Column) -> bool:
    """Whether a program made the titles, of the same words and hardly another: `TWEET FROM: sam`."""
    titles = [cell.strip() for cell in cells.filled]
    low, high = min(titles), max(titles)
    same = next(
        (at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low)
    )
    return same >= _FORM and sum(count_words(title[same:]) for title in titles) < 2 * len(titles)


def _plain_share(cells: Column) -> float:
    return cells.shapes.get("number", 0) + cells.shapes.get("address", 0)


def may_be_words(name: Name, cells: Column) -> bool:
    """Whether a column, whatever its name, may hold what people wrote."""
    if not is_of_post(name) or (len(cells.filled) >= 3 and cells.distinct == 1):
        return False  # one cell over and over is a question, or the name of a query
    return bool(cells.filled) and not cells.shape and not cells.is_structured


def may_be_id(name: Name, cells: Column) -> bool:
    """Whether a column that is called like an id has one in most rows, and no picture."""
    return is_of_post(name) and cells.fill >= 0.5 and cells.pictures < 0.5


def is_id_of_many(name: Name, cells: Column) -> bool:
    """Whether ids repeat in most rows: they are those of a page or an author."""
    return len(cells.filled) >= 3 and cells.distinct <= max(1, 0.1 * len(cells.filled))


def may_be_called_id(name: Name, cells: Column) -> bool:
    """Whether a column of an unknown tool is the id of its rows: `weibo_id`, one for each."""
    if len(name.words) == 1 and _SHORT_ID.fullmatch(name.full) and reads_like_codes(cells, with_digits=True):
        return True
    # In many languages the word comes first: `ID de la mention`.
    if "id" not in (name.words[0], name.words[-1]) or len(name.words) < 2 or _OTHER_IDS & set(name.words):
        return False
    return is_of_post(name) and cells.is_unique and cells.pictures < 0.5


def holds_post_ids(name: Name, cells: Column) -> bool:
    """Whether a column of a name in no language known holds numbers as long as ids of X, one for each row."""
    if not is_of_post(name) or _OTHER_IDS & set(name.words) or not cells.is_unique:
        return False
    return cells.fill == 1 and all(_POST_ID.fullmatch(cell.strip()) for cell in cells.filled)


def is_address_with_id(name: Name, cells: Column) -> bool:
    """Whether each row holds the address of another post, with its id in it."""
    if not is_of_post(name) or cells.fill < 0.9 or cells.shape != "address":
        return False
    ids = {id_in_address(cell) for cell in cells.filled}
    return "" not in ids and len(ids) >= 0.95 * len(cells.filled)


def is_long_number(cells: Column) -> bool:
    """Whether a column without a name holds numbers that are different and long: ids."""
    return cells.shape == "number" and cells.is_unique and cells.length >= 6


def are_codes(cells: Column) -> bool:
    """Whether a column holds ids such as `ed00q6i`, all different and of one length; a total is none."""
    lengths = Counter(len(cell.strip()) for cell in cells.filled)
    return reads_like_codes(cells) and lengths.total() - max(lengths.values()) <= (lengths.total() > _FORM)


def reads_like_codes(cells: Column, *, with_digits: bool = False) -> bool:
    """Whether cells are one word of Latin letters and digits each, nearly all different.

    Args:
        with_digits: each must have a digit, not one in four.
    """
    codes = [cell.strip() for cell in cells.filled]
    return (
        cells.is_unique
        and len(codes) > 2
        and all(map(_CODE.fullmatch, codes))
        and (1 if with_digits else 4) * sum(any(map(str.isdigit, code)) for code in codes) >= len(codes)
    )


def is_moment(cells: Column) -> bool:
    """Whether cells are moments, in a notation that is read."""
    return cells.shape == "moment" and any(map(to_iso_utc, cells.filled[:20]))


def is_epoch(cells: Column) -> bool:
    """Whether cells are seconds since 1970, of different moments of the years in which people post."""
    return cells.fill >= 0.9 and len(set(cells.filled)) > 1 and all(map(_EPOCH.fullmatch, cells.filled))


def is_all_dates(name: Name, cells: Column) -> bool:
    """Whether a column that is not called so holds the date of writing."""
    if not is_of_post(name) or _NOT_WHEN_WRITTEN & set(name.words):
        return False
    # A time of day alone is no date.
    return is_moment(cells) and cells.length >= 8


def readable_dates(cells: Column) -> float:
    """Return the share of the first cells that are dates in a notation that is read."""
    dates = cells.filled[:50]
    read_date = DateReader(cells.filled)
    return sum(bool(read_date.read(cell)) for cell in dates) / len(dates) if dates else 0.0


def is_author(name: Name, cells: Column) -> bool:
    """Whether a column that is called like an author may hold one."""
    if name.is_of_another_post or name.is_listed or not cells.filled or cells.pictures >= 0.5:
        return False
    if name.full == "name" and cells.words > 5:
        return False
    if name.is_nested and name.words == ("name",) and not name.is_about_author:
        return False  # that of a post, a place or a group
    if cells.shape == "address" or cells.length > 80 or cells.is_structured:
        return all(map(account_in, cells.filled))
    return cells.shape != "moment"


def are_handles(cells: Column) -> bool:
    """Whether every cell is a name such as `@sam`."""
    return bool(cells.filled) and all(re.fullmatch(r"@[\w.-]+", cell.strip()) for cell in cells.filled)


def are_account_names(cells: Column) -> bool:
    """Whether a column without a name holds names of accounts: one word each, of many people."""
    if cells.fill < 0.9 or cells.distinct < max(3, 0.5 * len(cells.filled)):
        return False
    return all(re.fullmatch(r"@?(?=.*[^\W\d_])[\w.-]{1,30}", cell.strip()) for cell in cells.filled)


def is_language(name: Name, cells: Column) -> bool:
    """Whether a column that is called like a language may hold one."""
    if not is_of_post(name) or not cells.filled:
        return False
    return all(len(cell.strip()) <= 35 and not cell.strip().isdigit() for cell in cells.filled)


def holds_labels(cells: Column) -> bool:
    """Whether a column without a name holds labels that are known."""
    words = {cell.strip() for cell in cells.filled}
    if cells.fill < 0.9 or not 2 <= len(words) <= 6:
        return False
    # Any column may hold 0 and 1.
    if any(word.lstrip("-").isdigit() for word in words) and not {"0", "4"} <= words:
        return False
    return not propose_map(words).unknown


def names_topics(cells: Column) -> bool:
    """Whether a `target` is what a stance is towards: words, of which none is a sentiment."""
    return cells.shape != "number" and not propose_map(cells.filled).words


def holds_sentiments(name: Name, cells: Column) -> bool:
    """Whether a column of any name holds labels, most of them known words of several sentiments."""
    if not is_label(name, cells) or cells.shape == "number" or speaks_of_another_question(name):
        return False
    if not _OF_MODELS.isdisjoint(name.words):
        return False
    words = [spelled(cell) for cell in cells.filled]
    known = propose_map(words).words
    return len(set(known.values())) > 1 and 2 * sum(word in known for word in words) >= len(words)


def is_label(name: Name, cells: Column) -> bool:
    """Whether a column that is called like a label holds a few short words, or numbers that count classes."""
    if not is_of_post(name) or not cells.filled or cells.distinct > _MAX_LABELS:
        return False
    return all(map(_is_label_word, {cell.strip() for cell in cells.filled}))


def answers_another_question(name: Name, cells: Column, others: Iterable[tuple[Name, Column]]) -> bool:
    """Whether labels are numbers that answer another question than the sentiment.

    `class` of 0, 1 and 2 beside `hate_speech` counts kinds of hate; words say themselves what they mean.
    """
    if cells.shape != "number" or speaks_of_sentiment(name):
        return False
    return speaks_of_another_question(name) or any(
        speaks_of_another_question(other) and (held.shape == "number" or is_label(other, held))
        for other, held in others
    )


def _is_label_word(cell: str) -> bool:
    word = spelled(cell)
    if word.removeprefix("-").isdecimal():
        return abs(int(word[:10])) <= _LARGEST_CLASS
    letters = word.translate(_JOINTS)
    return len(word) <= 30 and (
        letters.isalpha() or all(sign.isalpha() or unicodedata.category(sign)[0] == "M" for sign in letters)
    )


def is_image(name: Name, cells: Column) -> bool:
    """Whether a column that is called like a picture may name one."""
    if name.is_about_author or {"profile", "avatar", "icon", "text"} & set(name.words):
        return False
    if name.is_of_another_post and not name.above & {"entities", "embed"}:
        return False
    if not cells.filled or all(cell.strip().casefold() in _FLAGS for cell in cells.filled):
        return False
    if cells.avatars > 0.5:
        return False
    if cells.is_structured and is_weak("image", name):
        # A record of all that a post carries may hold pictures in few rows, and pages in many.
        return cells.pictures > 0
    return cells.pictures >= 0.3 or (not is_weak("image", name) and (cells.words < 6 or cells.is_structured))


def holds_pictures(name: Name, cells: Column) -> bool:
    """Whether most cells of a column, whatever its name, name picture files."""
    # A post may have a list of pictures, `media/0/thumbnail`, and a list of comments with pictures of theirs.
    is_own = not name.is_listed or not name.above.isdisjoint(_LISTS_OF_PICTURES)
    if name.is_about_author or name.is_of_another_post or not is_own or "profile" in name.words:
        return False
    return bool(cells.filled) and cells.avatars <= 0.5 and cells.pictures >= 0.6 and cells.words < 8
