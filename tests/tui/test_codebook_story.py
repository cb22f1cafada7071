"""Stories of the codebook: seen, defined, changed for another one on the same source."""

from __future__ import annotations

from dataclasses import replace

from stories import SIZE, asked, opened, text_of

from mmsa_tui.codebook import Codebook, CodebookLabel, read_codebook
from mmsa_tui.services.codebook import new_codebook
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import Store
from mmsa_tui.tui.audit.screen import AuditScreen
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.codebook.screen import CodebookScreen
from mmsa_tui.tui.dialogs.ask import AskOne, AskText, AskWhether

STANCE = Codebook("stance", (CodebookLabel("for", "Wants it", key="w"), CodebookLabel("against")))


async def seen(pilot, wait_for) -> CodebookScreen:
    await pilot.press("G")
    screen = await asked(pilot, wait_for, CodebookScreen)
    await wait_for(pilot, lambda: screen.standing is not None, "the codebook")
    return screen


async def test_another_one_is_worked_with_on_the_same_source(make_app, classified, config, wait_for):
    new_codebook(config.paths, STANCE)
    stance = config.paths.under("stance")
    with Store.open(stance.database) as other:
        read_in(other, classified.location)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        before = app.screen
        await seen(pilot, wait_for)
        await pilot.press("enter")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("down", "enter")
        await wait_for(
            pilot,
            lambda: isinstance(app.screen, BrowseScreen) and app.screen is not before and app.screen.n_rows,
            "the source under the other codebook",
        )
        assert app.labels == ("for", "against") and not app.model.is_there
        assert "stance" in text_of(app.screen, "#top")
        await wait_for(pilot, lambda: app.screen.row is not None, "the first post")
        await pilot.press("w", "2")
        await wait_for(pilot, lambda: app.screen.counts.n_corrected == 2, "two labels")
    with Store.open(stance.database) as store:
        assert [made.new_label for made in store.current_corrections()] == ["for", "against"]
        assert {made.bundle for made in store.corrections()} <= {"", "stance 1.0"}
    with Store.open(config.paths.database) as store:
        assert not list(store.corrections())


async def test_a_new_one_is_made_and_a_damaged_name_refused(make_app, classified, config, wait_for):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await seen(pilot, wait_for)
        await pilot.press("n")
        first = await asked(pilot, wait_for, AskText)
        await pilot.press(*"topic", "enter")
        await wait_for(
            pilot,
            lambda: isinstance(app.screen, AskText) and app.screen is not first and app.screen.focused,
            "the question for labels",
        )
        await pilot.press(*"sport,other", "enter")
        await wait_for(pilot, lambda: app.labels == ("sport", "other"), "the new codebook in use")
    assert read_codebook(config.paths.under("topic")).names == ("sport", "other")


async def test_a_definition_is_kept(make_app, classified, config, wait_for):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        screen = await seen(pilot, wait_for)
        await pilot.press("d")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("enter")
        await asked(pilot, wait_for, AskText)
        await pilot.press(*"sad", "enter")
        await wait_for(
            pilot, lambda: "sad" in str(screen.query_one("#codebook-text").render()), "the definition"
        )
    assert read_codebook(config.paths).labels[0].definition == "sad"


async def test_more_labels_than_digits_are_given_by_letter(make_app, classified, config, wait_for):
    topics = tuple(CodebookLabel(f"topic {n}") for n in range(1, 13))
    new_codebook(config.paths, Codebook("topics", topics))
    paths = config.paths.under("topics")
    with Store.open(paths.database) as store:
        read_in(store, classified.location)
    async with make_app(config=replace(config, paths=paths, bundle="")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: screen.row is not None, "the first post")
        # j would move the cursor of the list.
        await pilot.press("0", "j", "3", "0", "l")
        await pilot.press("t")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        audit = await asked(pilot, wait_for, AuditScreen)
        await wait_for(pilot, lambda: audit.row is not None, "the first post of the sample")
        await pilot.press("0", "k")
    with Store.open(paths.database) as store:
        made = list(store.corrections())
        # Copies of a post are labelled with it.
        given = list(dict.fromkeys(act.new_label for act in made))
        assert given == ["topic 10", "topic 3", "topic 12", "topic 11"]
        assert made[-1].origin


async def test_a_codebook_has_a_queue_that_teaches(make_app, classified, config, wait_for):
    new_codebook(config.paths, STANCE)
    paths = config.paths.under("stance")
    with Store.open(paths.database) as store:
        read_in(store, classified.location)
    async with make_app(config=replace(config, paths=paths, bundle="")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        n_all = screen.n_rows
        await pilot.press("tab")
        await wait_for(pilot, lambda: screen.posts.queue_name == "teach" and screen.n_rows, "the queue")
        assert "teach" in text_of(screen, "#queues") and screen.n_rows <= n_all
        n_before = screen.n_rows
        await wait_for(pilot, lambda: screen.row is not None, "its first post")
        await pilot.press("w", "tab", "shift+tab")
        await wait_for(pilot, lambda: screen.n_rows < n_before, "the queue without what is labelled")
