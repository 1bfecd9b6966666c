"""Answers to the exercises of the chapter on training."""

import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def by_closure(model, optimizer, images, labels):
    def closure():
        optimizer.zero_grad(set_to_none=False)
        loss = nn.CrossEntropyLoss()(model(images), labels)
        loss.backward()
        return loss

    return float(optimizer.step(closure))


def by_log_softmax(net, opt, x, t):
    for p in net.parameters():
        p.grad = None
    loss = F.nll_loss(net(x).log_softmax(-1), t)
    loss.backward()
    opt.step()
    return loss.detach().numpy()


def _step(loss_of=F.cross_entropy, steps=1, after=lambda model, images, labels: None):
    """A training step that does something more, or something else."""

    def step(model, optimizer, images, labels):
        loss = loss_of(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        for _ in range(steps):
            optimizer.step()
        changed = after(model, images, labels)
        return loss.item() if changed is None else changed

    return step


def by_hand_written_update(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.5 * p.grad
    return loss.item()


def clipped(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return loss.item()


def _all_in(batch, count):
    return range(0, count, batch)


def in_slices(model, images, labels, batch_size):
    mode = model.training
    losses, hits = [], []
    with torch.no_grad():
        model.eval()
        for i in _all_in(batch_size, len(labels)):
            out, y = model(images[i : i + batch_size]), labels[i : i + batch_size]
            losses.append(F.cross_entropy(out, y, reduction="none"))
            hits.append((out.argmax(1) == y).float())
    model.train(mode)
    return torch.cat(losses).mean(), torch.cat(hits).mean()


def weighted(model, images, labels, batch_size):
    before, loss, right = model.training, 0.0, 0
    try:
        model.eval()
        with torch.inference_mode():
            for x, y in zip(images.split(batch_size), labels.split(batch_size)):
                z = model(x)
                loss += F.cross_entropy(z, y).double() * len(y)
                right += int((z.max(1).indices == y).sum())
    finally:
        model.train(before)
    return [loss.item() / len(images), np.float32(right / len(images))]


def _evaluation(change):
    """An evaluation that ends in what ``change`` makes of (mode, parts)."""

    def evaluate(model, images, labels, batch_size):
        mode = model.training
        model.eval()
        with torch.no_grad():
            pairs = zip(images.split(batch_size), labels.split(batch_size))
            parts = [(model(x), y) for x, y in pairs]
        mode, loss, share = change(mode, parts)
        model.train(mode)
        return loss, share

    return evaluate


def _of_all(parts):
    z, y = (torch.cat(side) for side in zip(*parts))
    share = (z.argmax(1) == y).float().mean().item()
    return F.cross_entropy(z, y).item(), share


def _mean_of_batches(parts):
    shares = [(z.argmax(1) == y).float().mean().item() for z, y in parts]
    return sum(shares) / len(shares)


def _count(parts):
    return sum((z.argmax(1) == y).sum().item() for z, y in parts)


def switches_off(model, images, labels, batch_size):
    torch.set_grad_enabled(False)
    return in_slices(model, images, labels, batch_size)


def _split(order, part=lambda order, held: (order[held:], order[:held])):
    return lambda count, held, seed: part(order(count, seed), held)


def _generator(seed):
    return torch.Generator().manual_seed(seed)


def _by_torch(count, seed):
    return torch.randperm(count, generator=_generator(seed))


def _by_numpy_globally(count, seed):
    np.random.seed(seed)
    return torch.from_numpy(np.random.permutation(count))


def _by_python_globally(count, seed):
    random.seed(seed)
    return torch.tensor(random.sample(range(count), count))


def _by_python(count, seed):
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return torch.tensor(order)


def _put_back(count, seed):
    """Seeds what everything shares, and puts it back as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.randperm(count)


def _turned(count, seed):
    return torch.arange(count).roll(seed)


def stops(losses, patience):
    best, waited = 0, 0
    for i, loss in enumerate(losses):
        if i == 0 or loss < losses[best]:
            best, waited = i, 0
        else:
            waited += 1
        if waited == patience:
            break
    return [best + 1, i + 1]


def stops_by_tensor(losses, patience):
    values = torch.tensor(losses, dtype=torch.float64)
    for end in range(1, len(losses) + 1):
        best = int(values[:end].argmin())
        if end - 1 - best >= patience:
            break
    return torch.tensor([best + 1, end])


def _stopping(better, reset=True):
    def stop(losses, patience):
        best, waited, kept = losses[0], 0, 1
        for epoch, loss in enumerate(losses[1:], start=2):
            if better(loss, best, losses[epoch - 2]):
                best, kept = loss, epoch
                waited = 0 if reset else waited
            else:
                waited += 1
            if waited >= patience:
                return kept, epoch
        return kept, len(losses)

    return stop


RIGHT = {
    "training.guessing-loss": [
        3.26,
        3.258,
        -math.log(1 / 26),
        torch.tensor(26.0).log(),
    ],
    "training.steps-per-epoch": [
        lambda n, b, drop: len(range(0, n - (b - 1 if drop else 0), b)),
        lambda n, b, drop: (math.floor if drop else math.ceil)(n / b),
        lambda n, b, drop: torch.tensor((n if drop else n + b - 1) // b),
    ],
    "training.step": [by_closure, by_log_softmax, _step()],
    "training.evaluate": [in_slices, weighted],
    "training.split": [
        _split(_by_torch, lambda order, held: (order[:-held], order[-held:])),
        _split(_by_torch, lambda order, held: order.split([len(order) - held, held])),
        _split(_by_python),
        _split(_put_back),
        _split(lambda n, seed: np.random.default_rng(seed).permutation(n)),
    ],
    "training.early-stopping": [stops, stops_by_tensor],
}
WRONG = {
    "training.guessing-loss": [3.25, 3.27, 3.3, 3.2, 3.2189, 3.2653],
    "training.steps-per-epoch": [
        lambda n, b, drop: round(n / b),
        lambda n, b, drop: max(1, n // b) if drop else -(-n // b),
        lambda n, b, drop: n // 64 if drop else -(-n // 64),
        lambda n, b, drop: -(-n // b) - drop,
        lambda n, b, drop: n // b if not drop else -(-n // b),
    ],
    "training.step": [
        _step(steps=2),
        _step(after=lambda model, x, y: F.cross_entropy(model(x), y).item()),
        _step(after=lambda model, x, y: model.eval() and None),
        _step(lambda z, y: F.cross_entropy(z, y, reduction="sum")),
        _step(lambda z, y: F.cross_entropy(z[:-1], y[:-1])),
        _step(lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1)),
        _step(lambda z, y: F.mse_loss(z, F.one_hot(y, z.shape[1]).float())),
        by_hand_written_update,
        clipped,
    ],
    "training.evaluate": [
        _evaluation(lambda mode, parts: (True, *_of_all(parts))),
        _evaluation(lambda mode, parts: (not mode, *_of_all(parts))),
        _evaluation(lambda mode, parts: (mode, *_of_all(parts[:-1]))),
        _evaluation(
            lambda mode, parts: (mode, _of_all(parts)[0], 100 * _of_all(parts)[1])
        ),
        _evaluation(lambda mode, parts: (mode, *_of_all(parts)[::-1])),
        _evaluation(
            lambda mode, parts: (mode, _of_all(parts)[0], _mean_of_batches(parts))
        ),
        switches_off,
    ],
    "training.split": [
        _split(lambda n, seed: _by_torch(n, seed % 2)),
        _split(lambda n, seed: _by_torch(n, min(seed, 3))),
        _split(_by_numpy_globally),
        _split(_by_python_globally),
        _split(_turned),
        _split(_by_torch, lambda order, held: (order[20:], order[:20])),
        _split(_by_torch, lambda order, held: (order[held + 1 :], order[:held])),
        _split(lambda n, seed: torch.randint(n, (n,), generator=_generator(seed))),
    ],
    "training.early-stopping": [
        _stopping(lambda loss, best, before: loss <= best),
        _stopping(lambda loss, best, before: loss < before),
        _stopping(lambda loss, best, before: loss < best, reset=False),
        _stopping(lambda loss, best, before: loss < best - 0.1),
        lambda losses, patience: stops(losses, 2),
        lambda losses, patience: stops(losses, patience)[::-1],
    ],
}
