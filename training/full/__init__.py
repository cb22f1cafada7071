"""The full staged training of a bundle: text, image, fusion, calibration."""
