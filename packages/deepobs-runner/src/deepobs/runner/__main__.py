"""The `deepobs` command, as `torchrun -m deepobs.runner` starts it."""

from .cli import main

main()
