"""What several coders of one audit say, where they disagree, and what settling it changes."""

from __future__ import annotations

from audited import BUNDLE, label_all, truth_of

from mmsa_tui.corrections import last_decision, open_docket, settle, take_back
from mmsa_tui.services.audit import answer, audit_status, next_post, start_audit
from mmsa_tui.services.estimate import estimate
from mmsa_tui.services.estimate_tables import method, warnings
from mmsa_tui.store import SourceRow, Store


def test_a_second_coder_gets_the_same_posts_and_agreement_is_measured(
    store: Store, source: SourceRow
) -> None:
    audit = start_audit(store, source, BUNDLE, size=60, seed="s")
    n = label_all(store, source, audit, "ann")
    assert label_all(store, source, audit, "bob") == n
    row = next_post(store, source, audit, "eve")
    assert row is not None and row.post is not None
    answer(store, audit, row, "no" if truth_of(row.post) == "yes" else "yes", "eve", source.location)
    status = audit_status(store, source, audit)
    assert status.by_coder == {"ann": n, "bob": n, "eve": 1}
    assert status.n_both == n and status.n_disagreed == 1
    assert status.alpha is not None and 0.9 < status.alpha < 1
    assert any("Coders disagree on 1 post;" in words for words in warnings(status))


def test_what_coders_disagree_on_counts_as_it_is_settled(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=60, seed="s")
    label_all(store, source, audit, "ann")
    for digest in (said.content_hash for said in store.audits.answers(audit.uid)[:4]):
        (_, ordinal), *_ = store.places_of(digest)
        (row,) = store.rows_at(source.id, BUNDLE, [ordinal])
        assert row.post is not None
        wrong = "no" if truth_of(row.post) == "yes" else "yes"
        answer(store, audit, row, wrong, "bob", source.location)

    def yes() -> float:
        value = estimate(store, source).overall.shares[1].value
        assert value is not None
        return value

    apart = yes()
    conflicts = open_docket(store).conflicts
    assert len(conflicts) == 4
    for conflict in conflicts[:3]:
        settle(store, conflict, "yes", analyst="eve")
    found = audit_status(store, source, audit)
    assert (found.n_disagreed, found.n_settled) == (4, 3)
    assert yes() > apart
    assert any("3 settled" in words for words in warnings(found))
    assert "a decision settled 3" in " ".join(method(source, estimate(store, source)))
    decision = last_decision(store, "eve")
    assert decision is not None
    take_back(store, decision, "eve")
    assert audit_status(store, source, audit).n_settled == 2


def test_a_decision_of_before_a_coders_label_settles_nothing(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=20, seed="s")
    label_all(store, source, audit, "ann")
    digest = store.audits.answers(audit.uid)[0].content_hash
    (_, ordinal), *_ = store.places_of(digest)
    (row,) = store.rows_at(source.id, BUNDLE, [ordinal])
    assert row.post is not None
    wrong = "no" if truth_of(row.post) == "yes" else "yes"
    answer(store, audit, row, wrong, "bob", source.location)
    settle(store, open_docket(store).conflicts[0], "yes", analyst="eve")
    assert audit_status(store, source, audit).n_settled == 1
    answer(store, audit, row, wrong, "cem", source.location)
    assert audit_status(store, source, audit).n_settled == 0
