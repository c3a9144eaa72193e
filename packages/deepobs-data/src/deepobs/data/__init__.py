"""Data sets of DeepOBS as batches of tensors on the device."""
