"""What of the settings must be right before the app takes the screen over; `mmsa doctor` asks the same."""

from __future__ import annotations

from mmsa_tui.codebook import read_codebook
from mmsa_tui.config import Config
from mmsa_tui.tui.keys import check_keys
from mmsa_tui.tui.themes import check_theme


def check_settings(config: Config) -> None:
    """Refuse settings with which the app cannot start.

    Raises:
        ConfigError: the config gives keys that cannot work, or a theme that is not there; or the codebook's
            file is damaged.
    """
    check_keys(config.keys)
    check_theme(config.theme)
    if config.paths.codebook:
        read_codebook(config.paths)
