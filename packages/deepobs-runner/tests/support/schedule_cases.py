"""The rates of a schedule, for its tests."""

import torch

from deepobs.runner.schedules import check_schedule, make_schedule

EPOCHS, STEPS = 10, 4


def flat(epochs):
    """The rates of all steps in one list."""
    return [rate for epoch in epochs for rate in epoch]


def rates(schedule, *, lr=1.0, epochs=EPOCHS, steps=STEPS, resume_at=None):
    """The learning rate in force at every step of a run, by epoch."""
    checked = check_schedule(schedule, epochs)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    made = make_schedule(checked, optimizer, epochs=epochs, steps_per_epoch=steps)
    found = []
    for count in range(epochs * steps):
        if count == resume_at:  # as a new process does: everything is created again, then loaded
            states = optimizer.state_dict(), made.state_dict()
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
            made = make_schedule(checked, optimizer, epochs=epochs, steps_per_epoch=steps)
            optimizer.load_state_dict(states[0])
            made.load_state_dict(states[1])
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.after_step()
        if count % steps == steps - 1:
            made.after_epoch(loss=1.0)
    return [found[begin : begin + steps] for begin in range(0, len(found), steps)]
