"""Train, sweep, tune, record, analyse and report optimizers on test problems."""
