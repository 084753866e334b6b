"""A ranker for others: safetensors, ONNX, a model card."""
