"""What judges posts: encoders, the head, and what both are run with."""

import os

# ONNX Runtime tells its maker which machine runs what model, from version 1.32 on also on Linux. It is asked
# in the environment, once, when its library is loaded: before that by whoever loads anything of ours.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# The same of the library that fetches an encoder by its hub id, which is all that a training asks for.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
