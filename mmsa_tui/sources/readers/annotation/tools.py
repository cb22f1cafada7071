"""What the records of annotation tools say: Label Studio, doccano, Prodigy, Argilla, and services.

Reads what people said of an example, as votes; knows neither posts nor files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects, as_text, dig, first_id
from mmsa_tui.sources.files.cells import parse_cell
from mmsa_tui.sources.readers.annotation.services import Shown, read_service

TEXT_FIELDS = (
    "text",
    "tweet",
    "content",
    "full_text",
    "body",
    "caption",
    "message",
    "tweet_text",
    "post",
    "html",
)
IMAGE_FIELDS = ("image", "images", "picture", "pictures", "filename", "photo", "image_url", "media")
ID_FIELDS = (
    "post_id",
    "tweet_id",
    "id_str",
    "tweetid",
    "tweetId",
    "status_id",
    "item_id",
    "textID",
    "external_id",
)
"""What names the post, rather than the task or the row that the tool made of it."""

_TASK_FIELDS = frozenset(("id", "data", "meta"))
_MIN_FIELDS = frozenset(
    (
        "annotator",
        "annotation_id",
        "lead_time",
        "created_at",
        "updated_at",
        "agreement",
        "unresolved_comment_count",
        "total_annotations",
        "cancelled_annotations",
        "total_predictions",
    )
)
_DOCCANO_FIELDS = frozenset(
    (
        "id",
        "label",
        "labels",
        "cats",
        "annotations",
        "meta",
        "metadata",
        "Comments",
        "comments",
        "entities",
        "relations",
    )
)
_PRODIGY_FIELDS = frozenset(
    (
        "_input_hash",
        "_task_hash",
        "_session_id",
        "_view_id",
        "_timestamp",
        "_annotator_id",
        "_is_binary",
        "answer",
        "label",
        "accept",
        "options",
        "meta",
        "spans",
        "tokens",
        "config",
        "path",
    )
)
_ARGILLA_FIELDS = frozenset(
    (
        "id",
        "fields",
        "responses",
        "suggestions",
        "metadata",
        "status",
        "vectors",
        "annotation",
        "annotation_agent",
        "prediction",
        "prediction_agent",
        "inputs",
        "event_timestamp",
        "multi_label",
        "explanation",
        "search_keywords",
        "metrics",
        "_server_id",
        "inserted_at",
        "updated_at",
    )
)
_LABEL_CONTROLS = ("label", "sentiment", "polarity", "class", "category")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled example, whatever tool it comes from.

    `post_id` is what names the post; where nothing does, `task_id`, which the tool has given, is
    all there is. `skip` are fields of `data` that say nothing of the post.
    """

    post_id: str
    task_id: str
    data: Object
    votes: Sequence[str] = ()
    other_labels: Mapping[str, str] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()


def is_example(record: Object) -> bool:
    """Whether a record is an example of one of the tools, labelled or only to be."""
    return (
        is_task(record)
        or is_min(record)
        or _is_prodigy(record)
        or _is_argilla(record)
        or is_argilla_row(record)
        or is_doccano(record)
        or read_service(record) is not None
    )


def is_task(record: Object) -> bool:
    """Whether a record is a task of Label Studio, annotated or only to be."""
    if not isinstance(record.get("data"), dict):
        return False
    return _TASK_FIELDS.issuperset(record) or any(
        isinstance(record.get(name), list) for name in ("annotations", "predictions", "completions")
    )


def is_min(record: Object) -> bool:
    """Whether a record is a task in Label Studio's short form, JSON-MIN or a row of its CSV."""
    return "annotation_id" in record and "annotator" in record


def is_doccano(record: Object) -> bool:
    """Whether a record is an example of doccano: its labels are a list, even a single one."""
    shows = any(isinstance(record.get(name), str) for name in ("text", "data", "filename"))
    if id_of_post(record) and _said_by_each(record):
        return True
    return shows and (
        any(isinstance(record.get(name), list) for name in ("label", "labels"))
        or (isinstance(record.get("cats"), list | dict) and "entities" not in record)
        or (isinstance(record.get("annotations"), list) and _has_label_ids(record["annotations"]))
    )


def _has_label_ids(annotations: list[Any]) -> bool:
    return all(isinstance(item, dict) and "label" in item for item in annotations)


def _said_by_each(record: Object) -> list[str]:
    """Return what each of several people said, where a record lists them one by one."""
    said = record.get("annotations") or record.get("annotators")
    return [word for one in as_objects(said) if (word := as_text(one.get("label")))]


def _is_prodigy(record: Object) -> bool:
    return record.get("answer") in ("accept", "reject", "ignore") and (
        "_input_hash" in record or "_task_hash" in record or "label" in record or "accept" in record
    )


def _is_argilla(record: Object) -> bool:
    if isinstance(record.get("fields"), dict) and isinstance(record.get("responses"), dict | list):
        return True
    return (
        "annotation" in record and "annotation_agent" in record and ("text" in record or "inputs" in record)
    )


def is_argilla_row(names: Iterable[str]) -> bool:
    """Whether these are the columns of a data set of Argilla, whose answers stand beside suggestions."""
    return bool(_argilla_questions(list(names)))


def _argilla_questions(names: Sequence[str]) -> dict[str, str]:
    """Return the questions of a data set of Argilla, and the column of the answers to each."""
    of_now = {name.removesuffix(".responses"): name for name in names if name.endswith(".responses")}
    before = {name: name for name in names if f"{name}-suggestion" in names}
    return {q: c for q, c in of_now.items() if f"{q}.responses.status" in names} | before


def read_example(record: Object) -> Labelled:
    """Read an example of any of the tools; one without votes has not been labelled."""
    if (shown := read_service(record)) is not None:
        return _of_service(shown)
    if is_task(record):
        return _of_task(record)
    if is_min(record):
        return _of_min(record)
    if _is_prodigy(record):
        return _of_prodigy(record)
    if _is_argilla(record):
        return _of_argilla(record)
    if is_argilla_row(record):
        return _of_argilla_row(record)
    return _of_doccano(record)


def id_of_post(*holders: Object) -> str:
    """Return what names the post in one of these objects, or ""."""
    return first_id(*(holder.get(name) for name in ID_FIELDS for holder in holders))


def majority(votes: Sequence[str]) -> str:
    """Return the label with the most votes, "" without votes or where two have as many."""
    ranked = Counter(vote.strip().lower() for vote in votes).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return ""
    return ranked[0][0]


def choices_in(value: object) -> list[str]:
    """Return the choices that a value lists: a word, a list, `{"choices": […]}`, or that as text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [str(value)]
    if isinstance(value, dict):
        value = value.get("choices")
    found = value if isinstance(value, list) else [value]
    return [word for item in found if (word := as_text(item).strip())]


def label_control(names: Sequence[str]) -> str:
    """Choose the control or column that holds the sentiment: one called so, else the first."""
    for word in _LABEL_CONTROLS:
        for name in names:
            if word in name.lower():
                return name
    return names[0] if names else ""


def _of_service(shown: Shown) -> Labelled:
    question = label_control(list(shown.answers))
    others = {name: majority(votes) for name, votes in shown.answers.items() if name != question}
    votes = shown.answers.get(question, [])
    return Labelled(id_of_post(*shown.holders), shown.task_id, shown.data, votes, others, shown.skip)


def _of_task(record: Object) -> Labelled:
    data = as_object(record.get("data"))
    annotations = list(as_objects(record.get("annotations") or record.get("completions")))
    valid = [annotation for annotation in annotations if annotation.get("was_cancelled") is not True]
    agreed = [annotation for annotation in valid if annotation.get("ground_truth") is True]
    by_control: dict[str, list[str]] = {}
    for annotation in agreed or valid:
        for control, choice in _single_choices(annotation):
            by_control.setdefault(control, []).append(choice)
    control = label_control(list(by_control))
    others = {name: majority(votes) for name, votes in by_control.items() if name != control}
    post_id = id_of_post(data, as_object(record.get("meta"))) or first_id(data.get("id"))
    return Labelled(post_id, first_id(record.get("id")), data, by_control.get(control, ()), others)


def _single_choices(annotation: Object) -> Iterator[tuple[str, str]]:
    for result in as_objects(annotation.get("result")):
        # Stars are one choice.
        choices = choices_in({"choices": dig(result, "value", "choices") or dig(result, "value", "rating")})
        if len(choices) == 1:
            yield as_text(result.get("from_name")), choices[0]


def _of_min(record: Object) -> Labelled:
    plain = {"id", *TEXT_FIELDS, *IMAGE_FIELDS, *ID_FIELDS}
    chosen = {
        name: choices_in(value)
        for name, value in record.items()
        if name not in _MIN_FIELDS and name not in plain
    }
    control = label_control([name for name, words in chosen.items() if len(words) == 1])
    skip = _MIN_FIELDS | {"id", control}
    return Labelled(
        id_of_post(record), first_id(record.get("id")), record, chosen.get(control, ()), skip=skip
    )


def _of_doccano(record: Object) -> Labelled:
    meta = {**as_object(record.get("meta")), **as_object(record.get("metadata"))}
    labels: object = record.get("label", record.get("labels", record.get("cats")))
    if isinstance(labels, dict):
        labels = [name for name, is_chosen in labels.items() if is_chosen]
    elif labels is None:
        labels = _said_by_each(record)
    # A span of characters is a label of words, not of the post.
    votes = choices_in(labels)
    data = {**meta, **record}
    if "text" not in data and isinstance(data.get("data"), str):
        data["text"] = data.pop("data")
    if not any(isinstance(data.get(name), str) for name in TEXT_FIELDS):
        # A text that was taken apart into its words, `post_tokens`.
        lists = (data[name] for name in data if name.endswith(("tokens", "words")))
        data["text"] = next((" ".join(map(as_text, words)) for words in lists if isinstance(words, list)), "")
    return Labelled(id_of_post(record, meta), first_id(record.get("id")), data, votes, skip=_DOCCANO_FIELDS)


def _of_prodigy(record: Object) -> Labelled:
    """Read a Prodigy example: what was accepted is a vote, what was rejected or ignored is none."""
    meta = as_object(record.get("meta"))
    votes: list[str] = []
    if record.get("answer") == "accept":
        names = {
            as_text(option.get("id")): as_text(option.get("text"))
            for option in as_objects(record.get("options"))
        }
        accepted = choices_in(record.get("accept")) or choices_in(record.get("label"))
        # Options are shown by their text; an id may be a number that means nothing outside.
        votes = [names.get(word) or word if word.isdigit() else word for word in accepted]
    post_id = id_of_post(record, meta) or first_id(record.get("id"), meta.get("id"))
    # The hash tells examples apart where nothing else does.
    task_id = first_id(record.get("_input_hash"))
    return Labelled(
        post_id, task_id, {**meta, **record}, votes if len(votes) == 1 else [], skip=_PRODIGY_FIELDS
    )


def _of_argilla(record: Object) -> Labelled:
    meta = as_object(record.get("metadata"))
    data = as_object(record.get("fields")) or as_object(record.get("inputs")) or record
    by_question: dict[str, list[str]] = {}
    responses = record.get("responses")
    if isinstance(responses, dict):
        for question, answers in responses.items():
            for answer in as_objects(answers):
                if answer.get("status") in (None, "submitted"):
                    by_question.setdefault(question, []).extend(choices_in(answer.get("value")))
    for response in as_objects(responses):
        if response.get("status") in (None, "submitted"):
            for question, answer in as_object(response.get("values")).items():
                by_question.setdefault(question, []).extend(choices_in(as_object(answer).get("value")))
    if record.get("annotation") is not None and record.get("status") in (None, "Validated"):
        by_question.setdefault("label", []).extend(choices_in(record["annotation"]))
    question = label_control(list(by_question))
    post_id = id_of_post(record, meta, data) or first_id(record.get("id"))
    # Argilla keeps the id it was given.
    return Labelled(post_id, "", {**meta, **data}, by_question.get(question, ()), skip=_ARGILLA_FIELDS)


def _of_argilla_row(record: Object) -> Labelled:
    """Read a row of a data set of Argilla: lists of answers and whether each was submitted, also as text."""
    by_question: dict[str, list[str]] = {}
    for question, column in _argilla_questions(list(record)).items():
        answers = _listed(record.get(column))
        states = _listed(record.get(f"{question}.responses.status"))
        for number, answer in enumerate(answers):
            said = answer if isinstance(answer, dict) else {"value": answer}
            state = said.get("status") or (states[number] if number < len(states) else None)
            if state in (None, "submitted"):
                by_question.setdefault(question, []).extend(choices_in(said.get("value")))
    question = label_control(list(by_question))
    given = record.get("metadata")
    meta = as_object(parse_cell(given) if isinstance(given, str) else given)
    post_id = id_of_post(record, meta) or first_id(record.get("id"))
    skip = {name for name in record if ".responses" in name or ".suggestion" in name or "-suggestion" in name}
    questions = _argilla_questions(list(record))
    return Labelled(
        post_id, "", {**meta, **record}, by_question.get(question, ()),
        skip=_ARGILLA_FIELDS | skip | questions.keys(),
    )  # fmt: skip


def _listed(value: object) -> list[Any]:
    found = parse_cell(value) if isinstance(value, str) and value[:1] == "[" else value
    return found if isinstance(found, list) else [] if found in (None, "") else [found]
