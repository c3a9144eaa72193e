"""Test problems for deep-learning optimizers: data, model and loss."""
