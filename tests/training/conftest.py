"""The small bundle of the model tests, for tests that retrain it."""

from small_bundle import image_encoder_directory, small_bundle, text_encoder_directory

__all__ = ["image_encoder_directory", "small_bundle", "text_encoder_directory"]
