"""Exports a ranker: safetensors, ONNX, a model card."""
