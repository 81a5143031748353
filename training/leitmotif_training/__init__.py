"""How the built-in model of Leitmotif was made."""

import os

# Before ONNX Runtime is loaded: its telemetry would look up a collector and keep a device id in the user's cache folder.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
