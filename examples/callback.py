"""Watch the norm of the gradient during a run with a callback."""

from deepobs.runner import Callback, run


class GradientNorm(Callback):
    """Collects the norm of the gradient every ten steps."""

    def __init__(self):
        self.norms = []

    def on_step_end(self, trainer):
        """Measures the norm, if it is time."""
        if trainer.steps_taken % 10 == 0:
            gradients = [p.grad for p in trainer.built.model.parameters() if p.grad is not None]
            self.norms.append(sum(float(g.square().sum()) for g in gradients) ** 0.5)


watch = GradientNorm()
run("digits_mlp", "SGD", lr=0.1, epochs=2, callbacks=[watch], progress="off")
print("first and last norm:", round(watch.norms[0], 3), round(watch.norms[-1], 3))
