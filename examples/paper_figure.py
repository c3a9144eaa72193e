"""Draw learning curves of published runs for a paper, and save them as PDF."""

from deepobs.runner import load_baselines
from deepobs.runner.report import figure_learning_curves

runs = load_baselines()
figure = figure_learning_curves(runs, "fmnist_2c2d", metrics=["test_accuracy"], width=3.25)
figure.axes[0].set_title("Fashion-MNIST, 2c2d")
figure.savefig("fmnist_2c2d.pdf")
print("wrote fmnist_2c2d.pdf")
