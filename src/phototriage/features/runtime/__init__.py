"""What runs networks: weights, ONNX, onnxruntime, torch."""
