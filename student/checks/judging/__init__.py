"""What judges attention, an encoder block, the model and its training."""
