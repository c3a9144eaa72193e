"""The variational autoencoder."""

import torch

from deepobs.models import VAE, VAEOutput


def test_output_has_its_names_and_shapes() -> None:
    """Reconstruction between 0 and 1, mean and logarithmic deviation of eight latent variables."""
    torch.manual_seed(0)
    output = VAE()(torch.rand(3, 1, 28, 28))
    assert isinstance(output, VAEOutput)
    assert output.reconstruction.shape == (3, 1, 28, 28)
    assert output.mean.shape == output.log_std.shape == (3, 8)
    assert 0 < output.reconstruction.min() < output.reconstruction.max() < 1


def test_noise_is_what_it_is_given() -> None:
    """With ε = 0 the mean is decoded; with another ε, mean + ε exp(log σ)."""
    torch.manual_seed(0)
    model, images = VAE().eval(), torch.rand(2, 1, 28, 28)
    mean, log_std = model.encode(images)
    without = model(images, epsilon=torch.zeros(2, 8))
    torch.testing.assert_close(without.reconstruction, model.decode(mean))
    epsilon = torch.randn(2, 8)
    expected = model.decode(mean + epsilon * log_std.exp())
    torch.testing.assert_close(model(images, epsilon=epsilon).reconstruction, expected)


def test_noise_is_drawn_in_evaluation_too() -> None:
    """As in the original, two evaluations differ unless the seed is set."""
    torch.manual_seed(0)
    model, images = VAE().eval(), torch.rand(1, 1, 28, 28)
    assert not torch.equal(model(images).reconstruction, model(images).reconstruction)


def test_number_of_latent_variables() -> None:
    """Heads and decoder have the size of the argument."""
    output = VAE(latent_size=2)(torch.rand(3, 1, 28, 28))
    assert output.mean.shape == (3, 2)
