"""The network in the page is the network of the book."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_model, save_file
from torch import nn

from lenet_helpers import models
from lenet_helpers.plots.maps import SIGNED
from tests.browser.web_runner import WEB, run_javascript
from tools import export_web

FORWARD = """images => {
  const net = LeNet.load(LENET_WEIGHTS);
  return images.map(image => Object.entries(LeNet.forward(net, image)).map(
    ([name, maps]) => [name, Array.from(maps.data ?? [maps].flat())]));
}"""


def export(model: nn.Module, folder: Path, **variant: str) -> Path:
    """The model's weights.js, by way of a safetensors file as training writes it."""
    metadata = {"mean": "0.1", "std": "0.275", **variant}
    save_file(model.state_dict(), folder / "model.safetensors", metadata=metadata)
    script = folder / "weights.js"
    script.write_text(export_web.to_javascript(folder / "model.safetensors"))
    return script


def layers_by_hook(
    model: models.ModernLeNet5, images: torch.Tensor, none: float = -math.inf
) -> dict:
    """What every module returned; the shared activation goes by its input's layer.

    ``none`` is the fixed logit of what is no digit.
    """
    maps, last = {}, None

    def keep(name):
        def hook(module, inputs, output):
            nonlocal last
            last = f"{last}.act" if name == "act" else name
            maps[last] = output.detach().flatten(1)

        return hook

    for name, module in model.named_children():
        module.register_forward_hook(keep(name))
    maps["input"] = images.flatten(1)
    with torch.no_grad():
        shares = F.pad(model(images), (0, 1), value=none).softmax(1)
    return maps | {"probabilities": shares[:, :-1], "none": shares[:, -1:]}


def test_numbers_have_the_colours_of_the_figures():
    steps = [i / 20 - 1.2 for i in range(49)]
    code = "steps => steps.map(Draw.signedColour)"
    painted = run_javascript([WEB / "draw.js"], code, steps)
    drawn = 255 * SIGNED([t / 2 + 0.5 for t in steps])[:, :3]
    assert np.abs(np.array(painted) - drawn).max() < 2


@pytest.mark.parametrize("pool", ["avg", "max"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_every_layer_equals_pytorch(tmp_path, activation, pool):
    torch.manual_seed(0)
    model = models.ModernLeNet5(activation=activation, pool=pool)
    images = torch.randn(20, 1, 32, 32)
    script = export(model, tmp_path, activation=activation, pool=pool)
    found = run_javascript(
        [WEB / "lenet.js", script], FORWARD, images.flatten(1).tolist()
    )
    expected = layers_by_hook(model, images)
    assert {name for name, _ in found[0]} == set(expected)
    for name, maps in expected.items():
        values = np.array([dict(image)[name] for image in found])
        np.testing.assert_allclose(values, maps, rtol=0, atol=1e-5, err_msg=name)


def test_softmax_survives_large_logits(tmp_path):
    model = models.ModernLeNet5()
    with torch.no_grad():
        model.output.bias[3] = 2000.0
    script = export(model, tmp_path, activation="tanh", pool="avg")
    (layers,) = run_javascript([WEB / "lenet.js", script], FORWARD, [[0.0] * 1024])
    assert dict(layers)["probabilities"][3] == 1.0


def test_export_names_what_the_metadata_lacks(tmp_path):
    save_file(models.ModernLeNet5().state_dict(), tmp_path / "bare.safetensors")
    with pytest.raises(KeyError, match="activation"):
        export_web.to_javascript(tmp_path / "bare.safetensors")


def test_committed_weights_are_a_fresh_export():
    fresh = export_web.to_javascript(export_web.WEIGHTS)
    assert (WEB / "weights.js").read_bytes() == fresh.encode("ascii")


def test_the_trained_network_equals_pytorch():
    model = models.ModernLeNet5(activation="relu", pool="max")
    load_model(model, export_web.WEIGHTS)
    images = torch.randn(20, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    scripts = [WEB / "lenet.js", WEB / "weights.js"]
    found = run_javascript(scripts, FORWARD, images.flatten(1).tolist())
    for name, maps in layers_by_hook(model, images, none=0).items():
        values = np.array([dict(image)[name] for image in found])
        np.testing.assert_allclose(values, maps, rtol=1e-5, atol=1e-4, err_msg=name)


def test_the_page_loads_no_more_than_150_kilobytes_of_weights():
    assert len(gzip.compress((WEB / "weights.js").read_bytes())) < 150_000
