"""The small bundle of the model tests, for tests that retrain it."""

from small_bundle import image_encoder_directory, small_bundle, text_encoder_directory
from small_retrain import bundle, paths, posts, retrained, retrained_once

__all__ = [
    "bundle",
    "image_encoder_directory",
    "paths",
    "posts",
    "retrained",
    "retrained_once",
    "small_bundle",
    "text_encoder_directory",
]
