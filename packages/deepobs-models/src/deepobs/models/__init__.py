"""Architectures of DeepOBS as plain PyTorch modules."""
