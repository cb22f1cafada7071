"""Every action has a key, and the config may change it without making a mess."""

from __future__ import annotations

import pytest
from textual.binding import BindingsMap

from mmsa_tui.errors import ConfigError
from mmsa_tui.tui.keys import ACTIONS, all_keys, bindings, check_keys, key_for, keymap, show_key


def bound(keys: dict[str, str]) -> dict[str, str]:
    """What each key does on the main screen, once Textual has put the config's keys in."""
    bound = BindingsMap(bindings("browse"))
    clashes = bound.apply_keymap(keymap(keys)).clashed_bindings
    assert not clashes
    actions = {key: binding.action for key, binding in bound}
    return {key: action.removeprefix("press_key('").removesuffix("')") for key, action in actions.items()}


def test_the_keys_do_what_the_manual_says() -> None:
    expected = {
        "1": "label(0)", "3": "label(2)", "space": "accept", "s": "skip", "u": "undo", "ctrl+r": "redo",
        "n": "note", "f": "flag", "slash": "filter", "tab": "next_queue", "b": "bulk", "o": "open_picture",
        "e": "explain", "c": "classify", "x": "export", "r": "retrain", "f1": "help", "question_mark": "help",
        "ctrl+p": "app.command_palette",
    }  # fmt: skip
    assert bound({}).items() >= expected.items()


def test_names_and_keys_are_unique() -> None:
    check_keys({})
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


def test_the_config_gives_an_action_another_key() -> None:
    keys = bound({"skip": "w"})
    assert keys["w"] == "skip"
    assert "s" not in keys


def test_an_action_may_have_several_keys() -> None:
    assert all_keys("browse", {"skip": "w, ctrl+n"})["skip"] == ("w", "ctrl+n")


def test_a_comma_is_a_key_too() -> None:
    assert bound({"skip": ","})["comma"] == "skip"


def test_two_actions_may_swap_keys() -> None:
    keys = bound({"skip": "n", "note": "s"})
    assert (keys["n"], keys["s"]) == ("skip", "note")


def test_an_action_may_do_without_a_key() -> None:
    assert all_keys("browse", {"retrain": "none"})["retrain"] == ()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"skipp": "w"}, "Did you mean skip?"),
        ({"skip": "banana"}, "is no key"),
        ({"skip": "hyper2+x"}, "is no key"),
        ({"skip": "n"}, "the key n would both go on without a label and write a note"),
        ({"skip": "question_mark"}, "the key ? would both"),
        ({"skip": "down"}, "moves the cursor"),
    ],
)
def test_a_key_that_cannot_work_is_refused_with_a_reason(keys: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        keymap(keys)
    assert said in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("ctrl+r", "^r"),
        ("shift+up", "⇧↑"),
        ("f1", "F1"),
        ("question_mark", "?"),
        ("space", "space"),
        ("[", "["),
    ],
)
def test_keys_are_shown_the_short_way(key: str, shown: str) -> None:
    assert show_key(key) == shown


def test_the_footer_shows_the_key_of_the_config() -> None:
    assert (key_for("skip", {}), key_for("skip", {"skip": "ctrl+n"}), key_for("skip", {"skip": "none"})) == (
        "s",
        "^n",
        "",
    )
