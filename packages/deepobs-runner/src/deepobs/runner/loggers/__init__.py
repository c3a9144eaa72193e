"""Loggers: callbacks for TensorBoard, Weights & Biases and MLflow."""

from ._base import Logger
from ._make import LOGGERS, make_logger
from ._mlflow import MLflowLogger
from ._tensorboard import TensorBoardLogger
from ._wandb import WandbLogger

__all__ = ["LOGGERS", "Logger", "MLflowLogger", "TensorBoardLogger", "WandbLogger", "make_logger"]
