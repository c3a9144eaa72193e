"""Measure with BackPACK how noisy the gradient of a batch is.

The noise scale is the variance of the gradients of single examples, divided by the squared gradient
of the batch. It is the batch size at which the noise of the gradient equals its size.
"""

from backpack import backpack, extend
from backpack.extensions import BatchGrad

from deepobs.problems import build

problem = build("digits_2c2d", seed=0)
model, loss = extend(problem.model), extend(problem.loss_module)
inputs, targets = next(problem.batches("train"))
with backpack(BatchGrad()):
    loss(model(inputs), targets).backward()
for name, parameter in model.named_parameters():
    each = parameter.grad_batch * len(inputs)  # BackPACK divides by the number of examples
    noise = float(each.var(dim=0).sum() / parameter.grad.square().sum())
    print(f"{name:10} noise scale {noise:8.1f} examples")
