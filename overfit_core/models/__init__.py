"""From a spec to a Keras model: layers, heads, losses, sizes.

Importing this package imports no Keras; only the functions named build do.
"""
