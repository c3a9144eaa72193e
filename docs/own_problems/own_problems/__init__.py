"""Test problems of five kinds that another package adds to DeepOBS."""
