"""From a spec to a Keras model: layers, heads, losses, sizes. Nothing here imports Keras at import time."""
