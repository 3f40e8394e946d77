"""A user's own model: Keras, ONNX, SavedModel, Python callable."""
