"""Text: a GPT predicts the next character; the model is told the size of the vocabulary."""

import torch

from deepobs.data import Facts, TokenBlocks
from deepobs.models import GPT
from deepobs.problems import PERPLEXITY, Problem, SequenceCrossEntropy, top1

TEXT = "On Monday it rained, on Tuesday it rained more, on Wednesday the sun came out. " * 40


def weather(root=None) -> TokenBlocks:
    """Numbers the characters of the text, in blocks of 16."""
    characters = "".join(sorted(set(TEXT)))
    tokens = torch.tensor([characters.index(character) for character in TEXT], dtype=torch.uint8)
    parts = {"train": tokens[:2400], "test": tokens[2400:]}
    return TokenBlocks("weather", **parts, vocabulary=characters, sequence_length=16)


def small_gpt(facts: Facts) -> GPT:
    """Returns a GPT of one block for the data's vocabulary."""
    return GPT(facts.vocabulary_size, context=16, width=32, depth=1)


WEATHER = Problem(
    name="weather",
    description="A GPT of one block learns three sentences about the weather",
    reference="The guide to problems of your own",
    dataset=weather,
    model=small_gpt,
    loss=SequenceCrossEntropy,
    correct=top1,
    metrics=(PERPLEXITY,),
    batch_size=8,
    epochs=2,
)
