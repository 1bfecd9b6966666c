"""Answers to the exercises of the chapter on what a trained LeNet sees."""

import numpy as np
import torch
import torch.nn.functional as F


def by_module_name(model, name, images):
    seen = {}

    def note(module, inputs, output):
        seen[module] = output.clone()

    layer = dict(model.named_modules())[name]
    with torch.no_grad():
        handle = layer.register_forward_hook(note)
        try:
            model(images)
        finally:
            handle.remove()
    return seen[layer]


def to_numpy(model, name, images):
    kept = []
    layer = model.get_submodule(name)
    with layer.register_forward_hook(
        lambda m, i, o: kept.append(o.detach().numpy().copy())
    ):
        model(images)
    return kept[0]


def _recording(keep=lambda o: o.detach().clone(), after=None, pre=False):
    """Records one layer, with one thing done otherwise."""

    def record(model, name, images):
        kept = []
        layer = model.get_submodule(name)
        if pre:
            handle = layer.register_forward_pre_hook(lambda m, i: kept.append(*i))
        else:
            handle = layer.register_forward_hook(lambda m, i, o: kept.append(keep(o)))
        model(images)
        if after:
            after(layer)
        else:
            handle.remove()
        return kept[0]

    return record


def walks(model, name, images):
    x = images
    for found, layer in model.named_children():
        x = layer(x)
        if name.startswith(found):
            return x.detach()
    return x.detach()


def replaces_forward(model, name, images):
    kept, layer = [], model.get_submodule(name)
    run = layer.forward
    layer.forward = lambda x: kept.append(run(x)) or kept[0].clone()
    out = model(images)
    return kept[0].detach() if kept else out


def leaves_training_mode(model, name, images):
    got = by_module_name(model, name, images)
    model.train()
    return got


def by_unfold(image, row, column):
    return image.unfold(1, 14, 2).unfold(2, 14, 2)[:, row, column]


def by_index(image, row, column):
    rows, columns = (torch.arange(14) + 2 * n for n in (row, column))
    return image.index_select(1, rows).index_select(2, columns).numpy()


def _patch(field=14, jump=2, shift=0):
    def patch(image, row, column):
        top, left = row * jump + shift, column * jump + shift
        return image[..., top : top + field, left : left + field]

    return patch


def transposed(image, row, column):
    return _patch()(image, column, row)


def clipped(image, row, column):
    return _patch()(image, min(row, 8), min(column, 8))


def by_loops(counts):
    classes = range(len(counts))
    said = [sum(counts[i, k] for i in classes) for k in classes]
    true = [sum(counts[k, j] for j in classes) for k in classes]
    return tuple([counts[k, k] / n[k] for k in classes] for n in (said, true))


def stacked(counts):
    shares = counts.double()
    by_column = shares / shares.sum(0, keepdim=True)
    by_row = shares / shares.sum(1, keepdim=True)
    return torch.stack([by_column.diag(), by_row.diag()])


def _scores(change):
    return lambda counts: change(counts, *by_loops(counts))


def _means(counts, precision, recall):
    return torch.tensor(precision).mean(), torch.tensor(recall).mean()


def _f1(counts, precision, recall):
    p, r = torch.tensor(precision), torch.tensor(recall)
    return 2 * p * r / (p + r), r


def by_backward(model, image, a, b):
    x = image.detach().clone()
    x.requires_grad = True
    z = model(x)
    (z[0, a] - z[0, b]).backward()
    return x.grad


def by_log_probabilities(model, image, a, b):
    x = image.clone().requires_grad_()
    log_p = F.log_softmax(model(x), 1)[0]
    return torch.autograd.grad(log_p[a] - log_p[b], x)[0]


def by_jacobian(model, image, a, b):
    jacobian = torch.autograd.functional.jacobian(lambda x: model(x)[0], image)
    return (jacobian[a] - jacobian[b]).numpy()


def _gradient(change=lambda g, x: g, of=lambda z, a, b: z[a] - z[b]):
    def rather(model, image, a, b):
        x = image.clone().requires_grad_()
        (slope,) = torch.autograd.grad(of(model(x)[0], a, b), x)
        return change(slope, image)

    return rather


RIGHT = {
    "feature_maps.pixels": [
        lambda images, mean, std: images.numpy() * std + mean,
        lambda images, mean, std: torch.add(mean, images, alpha=std),
        lambda images, mean, std: ((images.double() + mean / std) * std).float(),
    ],
    "feature_maps.record": [by_module_name, to_numpy, _recording()],
    "feature_maps.patch": [by_unfold, by_index, _patch()],
    "feature_maps.precision-recall": [by_loops, stacked],
    "feature_maps.rather": [by_backward, by_log_probabilities, by_jacobian],
    "feature_maps.moves": [[8, 4, 4, 2], np.array([8, 4, 4, 2]), (8.0, 4.0, 4.0, 2.0)],
}
WRONG = {
    "feature_maps.pixels": [
        lambda images, mean, std: images * std,
        lambda images, mean, std: (images * std + mean).clamp(0, 1),
        lambda images, mean, std: images * 0.275 + 0.1,
        lambda images, mean, std: images / std + mean,
        lambda images, mean, std: images.mul_(std).add_(mean),
        lambda images, mean, std: images * std - mean,
    ],
    "feature_maps.record": [
        walks,
        replaces_forward,
        leaves_training_mode,
        _recording(keep=lambda o: o.detach()),
        _recording(keep=lambda o: o.detach()[:1].clone()),
        _recording(keep=lambda o: o.detach().clone().relu()),
        _recording(pre=True),
        _recording(after=lambda layer: None),
        _recording(after=lambda layer: layer._forward_hooks.clear()),
    ],
    "feature_maps.patch": [
        transposed,
        clipped,
        _patch(field=13),
        _patch(shift=1),
        _patch(field=14, jump=1),
        _patch(field=16, jump=2),
    ],
    "feature_maps.precision-recall": [
        _scores(lambda counts, p, r: (r, p)),
        _scores(_means),
        _scores(_f1),
        _scores(lambda counts, p, r: (p, p)),
        lambda counts: by_loops(counts + 1),
        lambda counts: (
            counts.diag() / counts.sum(0).max(),
            counts.diag() / counts.sum(1),
        ),
    ],
    "feature_maps.rather": [
        _gradient(lambda g, x: g * x),
        _gradient(lambda g, x: g / g.abs().max()),
        _gradient(lambda g, x: g.sign()),
        _gradient(lambda g, x: g.clamp(min=0)),
        _gradient(of=lambda z, a, b: z[a] - z.mean()),
        _gradient(of=lambda z, a, b: (z[a] - z[b]) ** 2 / 2),
        _gradient(of=lambda z, a, b: z.log_softmax(0)[a]),
        _gradient(lambda g, x: g[0, 0]),
    ],
    "feature_maps.moves": [(8, 4, 4, 1), (8, 4, 4, 2, 1), (8, 4, 3, 2), (7, 4, 4, 2)],
}
