"""Train a DeepOBS problem with Lightning's Trainer."""

import lightning
import torch
from torch.utils.data import DataLoader

from deepobs.data import Batch
from deepobs.problems import build

problem = build("digits_mlp", seed=0)


class LightningProblem(lightning.LightningModule):
    """The model and the objective of a problem."""

    def __init__(self):
        super().__init__()
        self.model = problem.model

    def training_step(self, batch, batch_idx):
        """Returns the objective of a batch."""
        inputs, targets = batch
        return problem.objective(Batch(inputs, targets))

    def configure_optimizers(self):
        """Makes the optimizer."""
        return torch.optim.Adam(self.parameters(), lr=3e-3)


QUIET = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
trainer = lightning.Trainer(max_epochs=3, accelerator="cpu", enable_model_summary=False, **QUIET)
trainer.fit(LightningProblem(), DataLoader(problem.dataset, batch_size=64, shuffle=True))
print(problem.evaluate("test"))
