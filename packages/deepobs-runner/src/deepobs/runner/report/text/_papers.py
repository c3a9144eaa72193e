"""Bibliographic entries of DeepOBS and of the reference optimizers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: The field of a BibTeX entry that names where the work appeared.
_WHERE = {"inproceedings": "booktitle", "article": "journal", "misc": "howpublished"}


@dataclass(frozen=True)
class Paper:
    """A work that is cited.

    Attributes:
        authors: Its authors, as BibTeX writes them.
        title: Its title.
        venue: Conference, journal or address.
        year: Year of publication.
        kind: Type of its BibTeX entry.
    """

    authors: str
    title: str
    venue: str
    year: int
    kind: Literal["inproceedings", "article", "misc"] = "inproceedings"

    @property
    def key(self) -> str:
        """First author, year and first long word of the title: `kingma2015adam`."""
        author = self.authors.split(",")[0].lower()
        words = re.findall(r"[a-z]{4,}", self.title.lower())
        return f"{author}{self.year}{words[0]}"

    def bibtex(self) -> str:
        """Returns the BibTeX entry."""
        fields = {
            "author": self.authors,
            "title": f"{{{self.title}}}",
            _WHERE[self.kind]: self.venue,
            "year": str(self.year),
        }
        lines = (f"  {name} = {{{value}}}," for name, value in fields.items())
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


DEEPOBS = Paper(
    "Schneider, Frank and Balles, Lukas and Hennig, Philipp",
    "DeepOBS: A Deep Learning Optimizer Benchmark Suite",
    "International Conference on Learning Representations (ICLR)",
    2019,
)
_SCHEDULE_FREE = Paper(
    "Defazio, Aaron and Yang, Xingyu Alice and Mehta, Harsh and Mishchenko, Konstantin "
    "and Khaled, Ahmed and Cutkosky, Ashok",
    "The Road Less Scheduled",
    "NeurIPS",
    2024,
)

#: The paper of each reference optimizer, by the optimizer's name.
PAPERS: Mapping[str, Paper] = {
    "SGD": Paper(
        "Robbins, Herbert and Monro, Sutton",
        "A Stochastic Approximation Method",
        "The Annals of Mathematical Statistics 22(3)",
        1951,
        "article",
    ),
    "Momentum": Paper(
        "Polyak, Boris T.",
        "Some methods of speeding up the convergence of iteration methods",
        "USSR Computational Mathematics and Mathematical Physics 4(5)",
        1964,
        "article",
    ),
    "Nesterov": Paper(
        "Sutskever, Ilya and Martens, James and Dahl, George and Hinton, Geoffrey",
        "On the importance of initialization and momentum in deep learning",
        "ICML",
        2013,
    ),
    "Adam": Paper(
        "Kingma, Diederik P. and Ba, Jimmy",
        "Adam: A Method for Stochastic Optimization",
        "ICLR",
        2015,
    ),
    "AdamW": Paper(
        "Loshchilov, Ilya and Hutter, Frank", "Decoupled Weight Decay Regularization", "ICLR", 2019
    ),
    "NAdamW": Paper(
        "Dozat, Timothy", "Incorporating Nesterov Momentum into Adam", "ICLR workshop", 2016
    ),
    "RMSprop": Paper(
        "Tieleman, Tijmen and Hinton, Geoffrey",
        "Lecture 6.5-rmsprop: Divide the gradient by a running average of its recent magnitude",
        "Coursera: Neural Networks for Machine Learning",
        2012,
        "misc",
    ),
    "Adagrad": Paper(
        "Duchi, John and Hazan, Elad and Singer, Yoram",
        "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
        "Journal of Machine Learning Research 12",
        2011,
        "article",
    ),
    "Adafactor": Paper(
        "Shazeer, Noam and Stern, Mitchell",
        "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
        "ICML",
        2018,
    ),
    "RAdam": Paper(
        "Liu, Liyuan and Jiang, Haoming and He, Pengcheng and Chen, Weizhu and Liu, Xiaodong "
        "and Gao, Jianfeng and Han, Jiawei",
        "On the Variance of the Adaptive Learning Rate and Beyond",
        "ICLR",
        2020,
    ),
    "LBFGS": Paper(
        "Liu, Dong C. and Nocedal, Jorge",
        "On the limited memory BFGS method for large scale optimization",
        "Mathematical Programming 45",
        1989,
        "article",
    ),
    "Muon": Paper(
        "Jordan, Keller and Jin, Yuchen and Boza, Vlado and You, Jiacheng and Cesista, Franz "
        "and Newhouse, Laker and Bernstein, Jeremy",
        "Muon: An optimizer for hidden layers in neural networks",
        "https://kellerjordan.github.io/posts/muon",
        2024,
        "misc",
    ),
    "SOAP": Paper(
        "Vyas, Nikhil and Morwani, Depen and Zhao, Rosie and Shapira, Itai "
        "and Brandfonbrener, David and Janson, Lucas and Kakade, Sham",
        "SOAP: Improving and Stabilizing Shampoo using Adam",
        "ICLR",
        2025,
    ),
    "Shampoo": Paper(
        "Gupta, Vineet and Koren, Tomer and Singer, Yoram",
        "Shampoo: Preconditioned Stochastic Tensor Optimization",
        "ICML",
        2018,
    ),
    "Lion": Paper(
        "Chen, Xiangning and Liang, Chen and Huang, Da and Real, Esteban and Wang, Kaiyuan "
        "and Pham, Hieu and Dong, Xuanyi and Luong, Thang and Hsieh, Cho-Jui and Lu, Yifeng "
        "and Le, Quoc V.",
        "Symbolic Discovery of Optimization Algorithms",
        "NeurIPS",
        2023,
    ),
    "Signum": Paper(
        "Bernstein, Jeremy and Wang, Yu-Xiang and Azizzadenesheli, Kamyar "
        "and Anandkumar, Animashree",
        "signSGD: Compressed Optimisation for Non-Convex Problems",
        "ICML",
        2018,
    ),
    "AdEMAMix": Paper(
        "Pagliardini, Matteo and Ablin, Pierre and Grangier, David",
        "The AdEMAMix Optimizer: Better, Faster, Older",
        "ICLR",
        2025,
    ),
    "ADOPT": Paper(
        "Taniguchi, Shohei and Harada, Keno and Minegishi, Gouki and Oshima, Yuta "
        "and Jeong, Seong Cheol and Nagahara, Go and Iiyama, Tomoshi and Suzuki, Masahiro "
        "and Iwasawa, Yusuke and Matsuo, Yutaka",
        r"ADOPT: Modified Adam Can Converge with Any $\beta_2$ with the Optimal Rate",
        "NeurIPS",
        2024,
    ),
    "MARS": Paper(
        "Yuan, Huizhuo and Liu, Yifeng and Wu, Shuang and Zhou, Xun and Gu, Quanquan",
        "MARS: Unleashing the Power of Variance Reduction for Training Large Models",
        "ICML",
        2025,
    ),
    "Sophia": Paper(
        "Liu, Hong and Li, Zhiyuan and Hall, David and Liang, Percy and Ma, Tengyu",
        "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training",
        "ICLR",
        2024,
    ),
    "Adan": Paper(
        "Xie, Xingyu and Zhou, Pan and Li, Huan and Lin, Zhouchen and Yan, Shuicheng",
        "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models",
        "IEEE Transactions on Pattern Analysis and Machine Intelligence",
        2024,
        "article",
    ),
    "Prodigy": Paper(
        "Mishchenko, Konstantin and Defazio, Aaron",
        "Prodigy: An Expeditiously Adaptive Parameter-Free Learner",
        "ICML",
        2024,
    ),
    "Kron": Paper(
        "Li, Xi-Lin",
        "Preconditioned Stochastic Gradient Descent",
        "IEEE Transactions on Neural Networks and Learning Systems 29(5)",
        2018,
        "article",
    ),
    "AdaHessian": Paper(
        "Yao, Zhewei and Gholami, Amir and Shen, Sheng and Mustafa, Mustafa and Keutzer, Kurt "
        "and Mahoney, Michael W.",
        "ADAHESSIAN: An Adaptive Second Order Optimizer for Machine Learning",
        "AAAI",
        2021,
    ),
    "SAM": Paper(
        "Foret, Pierre and Kleiner, Ariel and Mobahi, Hossein and Neyshabur, Behnam",
        "Sharpness-Aware Minimization for Efficiently Improving Generalization",
        "ICLR",
        2021,
    ),
    "ScheduleFreeSGD": _SCHEDULE_FREE,
    "ScheduleFreeAdamW": _SCHEDULE_FREE,
}
