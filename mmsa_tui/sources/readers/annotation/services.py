"""What services for labelling hand out: LightTag, Labelbox, Kili, Scale, SageMaker, Vertex AI and others.

Each gives the example it was shown, what names the post, and what people said by question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects, as_text, dig, first_text

_METADATA = "-metadata"


@dataclass(frozen=True, slots=True)
class Shown:
    """An example of a service: its fields, where its id may stand, and the answers by question.

    `skip` are fields that say nothing of the post.
    """

    data: Object
    holders: tuple[Object, ...]
    task_id: str
    answers: Mapping[str, list[str]] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()


def read_service(record: Object) -> Shown | None:
    """Read an example of one of the services; None for any other record."""
    if isinstance(record.get("data_row"), dict) and isinstance(record.get("projects"), dict):
        return _of_labelbox(record)
    if isinstance(record.get("classifications"), list) and "content" in record and "example_id" in record:
        return _of_lighttag(record)
    if "task_id" in record and isinstance(record.get("response"), dict) and "params" in record:
        return _of_scale(record)
    if "externalId" in record and isinstance(record.get("labels"), list) and "content" in record:
        return _of_kili(record)
    if "displayed_text" in record and isinstance(record.get("label_annotations"), dict):
        return _of_potato(record)
    if any(name in record for name in ("classificationAnnotation", "classificationAnnotations")):
        return _of_vertex(record)
    if isinstance(record.get("instances"), list) and "annotatorEmail" in as_object(record.get("metadata")):
        return _of_superannotate(record)
    if "content" in record and isinstance(dig(record, "annotation", "labels"), list):
        return _of_dataturks(record)
    names = [
        name for name in record if name.endswith(_METADATA) and "human-annotated" in as_object(record[name])
    ]
    return _of_sagemaker(record, names) if names else None


def _of_labelbox(record: Object) -> Shown:
    row = as_object(record["data_row"])
    content = as_text(row.get("row_data"))
    answers: dict[str, list[str]] = {}
    for project in as_object(record["projects"]).values():
        for label in as_objects(dig(project, "labels")):
            for said in as_objects(dig(label, "annotations", "classifications")):
                given = [as_object(said.get("radio_answer")), *as_objects(said.get("checklist_answers"))]
                words = [word for one in given if (word := first_text(one.get("value"), one.get("name")))]
                answers.setdefault(as_text(said.get("name")), []).extend(words if len(words) == 1 else [])
    kind = "image" if content.startswith(("http://", "https://", "gs://", "s3://")) else "text"
    named = {"external_id": as_text(row.get("external_id")) or as_text(row.get("global_key"))}
    return Shown({kind: content}, (named,), as_text(row.get("id")), answers)


def _of_lighttag(record: Object) -> Shown:
    said: list[str] = []
    for one in as_objects(record["classifications"]):
        # What several people said alike stands there once.
        people = max(1, len(list(as_objects(one.get("annotated_by")))))
        said += [as_text(one.get("classname"))] * people
    meta = as_object(record.get("metadata"))
    data = {**meta, "text": as_text(record["content"])}
    return Shown(data, (meta, record), as_text(record["example_id"]), {"label": said})


def _of_kili(record: Object) -> Shown:
    answers: dict[str, list[str]] = {}
    for label in as_objects(record["labels"]):
        if label.get("isLatestLabelForUser") is False or label.get("labelType") in ("PREDICTION", "AUTOSAVE"):
            continue
        for question, given in as_object(label.get("jsonResponse")).items():
            words = [as_text(one.get("name")) for one in as_objects(as_object(given).get("categories"))]
            answers.setdefault(question, []).extend(words if len(words) == 1 else [])
    named = {"external_id": as_text(record["externalId"])}
    return Shown({"text": as_text(record["content"])}, (named,), as_text(record.get("id")), answers)


def _of_potato(record: Object) -> Shown:
    answers = {
        question: words if len(words := list(as_object(given))) == 1 else []
        for question, given in as_object(record["label_annotations"]).items()
    }
    named = {"post_id": as_text(record.get("id"))}
    return Shown({"text": as_text(record["displayed_text"])}, (named,), "", answers)


def _of_scale(record: Object) -> Shown:
    params, meta = as_object(record["params"]), as_object(record.get("metadata"))
    shown = [as_text(part.get("content")) for part in as_objects(params.get("attachments"))]
    data = {**meta, "text": "\n".join(filter(None, shown)) or as_text(params.get("attachment"))}
    response = as_object(record["response"])
    answers: dict[str, list[str]] = {}
    for name, given in (as_object(response.get("annotations")) or response).items():
        words = list(_words(as_object(given).get("response", given)))
        answers[name] = words if len(words) == 1 else []
    holders = meta, as_object(params.get("metadata"))
    return Shown(data, holders, as_text(record["task_id"]), answers)


def _words(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif word := as_text(value):
        yield word


def _of_vertex(record: Object) -> Shown:
    one, many = record.get("classificationAnnotation"), record.get("classificationAnnotations")
    words = [as_text(said.get("displayName")) for said in (as_object(one), *as_objects(many))]
    words = list(filter(None, words))
    picture = first_text(record.get("imageGcsUri"))
    data = {"text": as_text(record.get("textContent"))} | ({"image": picture} if picture else {})
    labels = as_object(record.get("dataItemResourceLabels"))
    return Shown(data, (labels, record), "", {"label": words if len(words) == 1 else []})


def _of_superannotate(record: Object) -> Shown:
    meta = as_object(record["metadata"])
    tags = [one for one in as_objects(record["instances"]) if one.get("type") == "tag"]
    words = list(filter(None, (as_text(one.get("className")) for one in tags)))
    named = {"external_id": as_text(meta.get("name"))}
    data = {"text": as_text(record.get("freeText"))}
    return Shown(data, (named,), "", {"label": words if len(words) == 1 else []})


def _of_dataturks(record: Object) -> Shown:
    words = [as_text(word) for word in dig(record, "annotation", "labels")]
    extras = as_object(record.get("extras"))
    data = {**extras, "text": as_text(record["content"])}
    return Shown(data, (extras, record), "", {"label": words if len(words) == 1 else []})


def _of_sagemaker(record: Object, names: list[str]) -> Shown:
    answers = {
        name.removesuffix(_METADATA): [word]
        for name in names
        if (word := as_text(as_object(record[name]).get("class-name")))
    }
    questions = {name.removesuffix(_METADATA) for name in names}
    data = {name: value for name, value in record.items() if name not in questions and name not in names}
    data["text"] = as_text(record.get("source"))
    if picture := as_text(record.get("source-ref")):
        data["image"] = picture
    return Shown(data, (record,), "", answers, frozenset(("source", "source-ref")))
