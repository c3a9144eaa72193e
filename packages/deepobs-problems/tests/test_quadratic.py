"""The Hessian of quadratic_deep is the original's."""

from typing import Any

import torch

from deepobs.problems import build

# Read off the original: data.json of the golden numbers, `quadratic_deep`.
TRACE = 477.61227959501394
FROBENIUS = 139.94660200801587
CORNER = [
    [6.221429443252535, 1.1270198982225967, -0.547281950385869],
    [1.127019898222597, 5.960053976238917, 0.3844185066590555],
    [-0.5472819503858688, 0.3844185066590555, 4.604356150931405],
]
LAST_ROW = [
    3.233855123164528,
    2.0573009583915836,
    -0.1329961811979627,
    2.36076173171131,
    -2.7130564179813,
]
SMALLEST = [0.005522117123603533, 0.02058449429580312, 0.03438852111521954]


def hessian() -> torch.Tensor:
    model: Any = build("quadratic_deep").model
    found: torch.Tensor = model.hessian.double()
    return found


def test_entries_are_the_originals() -> None:
    """Corner and last row equal the golden ones; the Hessian is rounded to float32, hence 1e-6."""
    torch.testing.assert_close(
        hessian()[:3, :3], torch.tensor(CORNER).double(), rtol=1e-6, atol=1e-6
    )
    torch.testing.assert_close(
        hessian()[-1, :5], torch.tensor(LAST_ROW).double(), rtol=1e-6, atol=1e-6
    )


def test_spectrum_is_the_originals() -> None:
    """Trace, norm and smallest eigenvalues equal the golden ones."""
    torch.testing.assert_close(hessian().trace().item(), TRACE, rtol=1e-6, atol=0)
    torch.testing.assert_close(hessian().norm().item(), FROBENIUS, rtol=1e-6, atol=0)
    eigenvalues = torch.linalg.eigvalsh(hessian())
    # float32 entries of size 10 move an eigenvalue by up to 1e-5
    torch.testing.assert_close(eigenvalues[:3], torch.tensor(SMALLEST).double(), rtol=0, atol=1e-5)


def test_is_the_same_whatever_was_built_before() -> None:
    """A second construction gives the same Hessian; in the original it gives another one."""
    assert torch.equal(hessian(), hessian())
