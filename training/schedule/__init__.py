"""The schedule of training: steps, stages, checkpoints, what is told of them, and export."""
