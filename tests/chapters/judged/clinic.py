"""Repairs of the bug clinic's programs, right ones and wrong ones."""

import copy
import functools
import io
import math

import matplotlib.pyplot  # noqa: F401  (once, not in each check's copy of the process)
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrize, prune

from lenet_helpers.models import ModernLeNet5

# Ward 1: data


def _augment_padded(images, generator):
    wide = F.pad(images, [2] * 4)
    side = images.shape[-1]
    out = torch.empty_like(images)
    for i, (a, b) in enumerate(torch.randint(5, (len(images), 2), generator=generator)):
        out[i] = wide[i, :, a : a + side, b : b + side]
    return out


def _augment_grouped(images, generator):
    by = torch.randint(-2, 3, (2, len(images)), generator=generator)
    moved = images.clone()
    for down in range(-2, 3):
        for right in range(-2, 3):
            mine = (by[0] == down) & (by[1] == right)
            moved[mine] = torch.roll(images[mine], shifts=(down, right), dims=(-2, -1))
    return moved


def _augment(change=lambda image, generator: image, reach=2, axes=(1, 2), own=True):
    def augment(images, generator):
        own_generator = generator if own else torch.Generator().manual_seed(0)
        out = []
        for image in images:
            by = torch.randint(-reach, reach + 1, (2,), generator=own_generator)
            image = image.roll(by.tolist()[: len(axes)], axes)
            out.append(change(image, own_generator))
        return torch.stack(out)

    return augment


def _sometimes_mirrored(image, generator):
    rarely = torch.rand((), generator=generator) < 0.05
    return image.flip(2) if rarely else image


def _augment_in_place(images, generator):
    for i, by in enumerate(torch.randint(-2, 3, (len(images), 2), generator=generator)):
        images[i] = images[i].roll(by.tolist(), (1, 2))
    return images


def _one_for_all(images, generator):
    by = torch.randint(-2, 3, (2,), generator=generator).tolist()
    return images.roll(by, (2, 3))


def _brighter_by_numpy(images, amount):
    wide = images.numpy().astype(int) + amount
    return np.clip(wide, 0, 255).astype(np.uint8)


class _Pairs(torch.utils.data.Dataset):
    """Images beside labels, from some index on; ``change`` is for each call."""

    def __init__(self, images, labels, change=None):
        self.images, self.labels, self.change = images, labels, change

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i]
        return (self.change(image) if self.change else image), int(self.labels[i])


def _sets_of_one_class(images, labels, augment, held):
    train = torch.utils.data.Subset(
        _Pairs(images, labels, augment), range(held, len(labels))
    )
    return [train, _Pairs(images[:held].clone(), labels[:held])]


class _Shown(torch.utils.data.Dataset):
    """A subset with a transform of its own."""

    def __init__(self, whole, order, change):
        self.whole, self.order, self.change = whole, order, change

    def __len__(self):
        return len(self.order)

    def __getitem__(self, i):
        image, label = self.whole[self.order[i]]
        return self.change(image), label


def _sets_by_wrapping(images, labels, augment, held):
    whole = torch.utils.data.TensorDataset(images, labels)
    order = list(range(len(labels)))
    return (
        _Shown(whole, order[held:], augment),
        _Shown(whole, order[:held], lambda image: image),
    )


def _two_sets(train=lambda augment: augment, held_out=None, cut=0, off=0):
    def two_sets(images, labels, augment, held):
        change = held_out and held_out(augment)
        return (
            _Pairs(images[held - cut :], labels[held - cut - off :], train(augment)),
            _Pairs(images[:held], labels[:held], change),
        )

    return two_sets


def _once(augment):
    known = {}

    def change(image):
        return known.setdefault(float(image.mean()), augment(image))

    return change


def _channels_stacked(images):
    return torch.stack([images[..., colour] for colour in range(3)], dim=1)


def _normalise_by_numpy(train, test):
    mean, std = train.numpy().mean(), train.numpy().std()
    return (train.numpy() - mean) / std, (test.numpy() - mean) / std


def _normalise_flat(train, test):
    variance, mean = torch.var_mean(train.flatten().double())
    return [(part - mean) / variance.sqrt() for part in (train, test)]


def _normalise(of):
    def normalise(train, test):
        return (train - train.mean()) / train.std(), of(train, test)

    return normalise


def _shuffle_by_draws(images, labels, generator):
    order = torch.rand(len(labels), generator=generator).argsort()
    return images.index_select(0, order), labels.index_select(0, order)


def _shuffle_pairs(images, labels, generator):
    pairs = list(zip(images, labels))
    order = torch.randperm(len(pairs), generator=generator).tolist()
    moved = [pairs[i] for i in order]
    return [torch.stack(part) for part in zip(*moved)]


def _shuffle(order_of, again=lambda order: order):
    def shuffle(images, labels, generator):
        order = order_of(len(labels), generator)
        return images[order], labels[again(order)]

    return shuffle


def _seeded(count, seed):
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def _split_by_numpy(count, held, seed):
    order = np.random.default_rng(seed).permutation(count)
    return order[held:], order[:held]


def _split_by_draws(count, held, seed):
    draws = torch.rand(count, generator=torch.Generator().manual_seed(seed))
    order = draws.argsort().tolist()
    return order[held:], order[:held]


def _split(order_of, cut=lambda order, held: (order[held:], order[:held])):
    def split_indices(count, held, seed):
        return cut(order_of(count, seed), held)

    return split_indices


def _after_numpys_seed(count, seed):
    np.random.seed(seed)
    return torch.from_numpy(np.random.permutation(count))


def _after_torchs_seed(count, seed):
    torch.manual_seed(seed)
    return torch.randperm(count)


# Ward 2: the network


class _HeadOfList(nn.Module):
    def __init__(self):
        super().__init__()
        self.last, self.first = nn.Linear(84, 10), nn.Linear(400, 120)
        self.middle = nn.Linear(120, 84)

    def forward(self, x):
        return self.last(F.gelu(self.middle(F.leaky_relu(self.first(x)))))


class _HeadByHand(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [(400, 120), (120,), (120, 84), (84,), (84, 10), (10,)]
        self.values = nn.ParameterList(0.1 * torch.randn(s) for s in sizes)

    def forward(self, x):
        w5, b5, w6, b6, w7, b7 = self.values
        return torch.sigmoid((x @ w5 + b5).relu() @ w6 + b6) @ w7 + b7


def _head(first=torch.tanh, second=torch.tanh, last=lambda x: x, start=lambda x: x):
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.f5, self.f6 = nn.Linear(400, 120), nn.Linear(120, 84)
            self.f7 = nn.Linear(84, 10)

        def forward(self, x):
            return last(self.f7(second(self.f6(first(self.f5(start(x)))))))

    return Head


class _HeadNormed(nn.Module):
    """Layer normalisation without parameters in one gap, nothing in the other."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(400, 120), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))
        )

    def forward(self, x):
        return self.layers(x)


def _c5(net, x):
    x = net.s2(net.act(net.c1(x)))
    return net.act(net.c5(net.s4(net.act(net.c3(x)))))


def _forward(flat, act=None):
    def forward(net, x):
        if act:
            x = net.s4(act(net.c3(net.s2(act(net.c1(x))))))
            return net.output(act(net.f6(flat(act(net.c5(x))))))
        return net.output(net.act(net.f6(flat(_c5(net, x)))))

    return forward


def _forward_image_by_image(net, x):
    rows = [_c5(net, one[None]).view(120) for one in x]
    return net.output(net.act(net.f6(torch.stack(rows))))


def _pooled(act=F.relu, pool=F.max_pool2d, keep=lambda x: x, end=lambda x: x):
    def pooled_forward(net, x):
        x = keep(pool(act(net.c1(x)), 2))
        x = pool(act(net.c3(x)), 2)
        x = act(net.c5(torch.flatten(x, start_dim=1)))
        return end(net.output(act(net.f6(x))))

    return pooled_forward


def _pooled_in_one_line(net, x):
    for conv in (net.c1, net.c3):
        x = conv(x).clamp(min=0).unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))
    return net.output(net.f6(net.c5(x.reshape(len(x), -1)).relu()).relu())


class _Lenet28(nn.Module):
    def __init__(self, pad=2, act=torch.tanh, pool=F.avg_pool2d, start=None, **options):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.f5 = nn.Linear(400 if pad or start else 256, 120)
        self.f6, self.f7 = nn.Linear(120, 84), nn.Linear(84, 10)
        self.start = start or (lambda x: F.pad(x, [pad] * 4, **options))
        self.act, self.pool = act, pool

    def forward(self, x):
        x = self.pool(self.act(self.c1(self.start(x))), 2)
        x = self.pool(self.act(self.c3(x)), 2).flatten(1)
        return self.f7(self.act(self.f6(self.act(self.f5(x)))))


def _lenet28(**changes):
    return functools.partial(_Lenet28, **changes)


def _lenet28_smaller():
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(16 * 4 * 4, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh()),
        nn.Linear(84, 10),
    )


class _Sparse(nn.Module):
    """A convolution for each map, which has only the weights of its table."""

    def __init__(self, mask):
        super().__init__()
        self.reads = [row.nonzero()[:, 0].tolist() for row in mask]
        self.maps = nn.ModuleList(nn.Conv2d(len(r), 1, 5) for r in self.reads)

    def forward(self, x):
        return torch.cat([m(x[:, r]) for m, r in zip(self.maps, self.reads)], 1)


class _MaskOf(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight):
        return weight * self.mask


def _parametrized(mask):
    conv = nn.Conv2d(6, 16, 5)
    parametrize.register_parametrization(conv, "weight", _MaskOf(mask[..., None, None]))
    return conv


def _pruned(mask):
    conv = nn.Conv2d(6, 16, 5)
    four = mask[..., None, None].expand_as(conv.weight)
    return prune.custom_from_mask(conv, "weight", four)


def _hooked(find=lambda layer, grad, four: layer.mask, start=True, later=False):
    class Hooked(nn.Module):
        def __init__(self, mask):
            super().__init__()
            self.conv = nn.Conv2d(6, 16, 5)
            four = mask[..., None, None]
            self.register_buffer("mask", four)
            if start:
                self.conv.weight.data.mul_(four)

            def after(p):
                p.grad *= find(self, p.grad, four)

            if later:
                self.conv.weight.register_post_accumulate_grad_hook(after)
            else:
                self.conv.weight.register_hook(lambda g: g * find(self, g, four))

        def forward(self, x):
            return self.conv(x)

    return Hooked


def _masked(use=lambda w, m: w * m, end=lambda x: x, plain=False, turn=lambda m: m):
    class Masked(nn.Module):
        def __init__(self, mask):
            super().__init__()
            self.conv = nn.Conv2d(6, 16, 5)
            four = turn(mask)[..., None, None]
            if plain:
                self.mask = four
            else:
                self.register_buffer("mask", four)

        def forward(self, x):
            weight = use(self.conv.weight, self.mask)
            return end(F.conv2d(x, weight, self.conv.bias))

    return Masked


class _DenseByParameters(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        pairs = list(zip(sizes, sizes[1:]))
        self.biases = nn.ParameterList(torch.zeros(b) for _, b in pairs)
        self.weights = nn.ParameterList(torch.randn(a, b) / a**0.5 for a, b in pairs)

    def forward(self, x):
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = (torch.tanh(x) if i else x) @ weight + bias
        return x


class _DenseByName(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        for i, layer in enumerate(self.layers):
            self.add_module(f"layer{i}", layer)

    def forward(self, x):
        *below, last = self.children()
        for layer in below:
            x = layer(x).tanh()
        return last(x)


def _dense(bend=torch.tanh, last=lambda x: x, depth=None, fresh=False, bias=True):
    class Dense(nn.Module):
        def __init__(self, sizes):
            super().__init__()
            pairs = list(zip(sizes, sizes[1:]))
            made = [nn.Linear(a, b, bias=bias) for a, b in pairs]
            self.layers = nn.ModuleList(made)
            if fresh:
                self.used = [nn.Linear(a, b) for a, b in pairs]

        def forward(self, x):
            *below, end = self.used if fresh else self.layers
            for layer in below[:depth]:
                x = bend(layer(x))
            return last(end(x))

    return Dense


# Ward 3: the loss and the loop


def _dropped(drop):
    def forward(net, x):
        for name in ("c1", "s2", "c3", "s4", "c5", "f6"):
            x = getattr(net, name)(x.flatten(1) if name == "f6" else x)
            x = x if name in ("s2", "s4") else net.act(x)
        return net.output(drop(net, x))

    return forward


def _half_by_hand(net, x):
    return x * torch.bernoulli(torch.full_like(x, 0.5)) * 2 if net.training else x


def _dropped_by_layer(net, x):
    return nn.Dropout(0.5).train(net.training)(x)


def _forgets_the_mode(net, x):
    net.eval()
    return _half_by_hand(net, x)


def _step(body):
    def training_step(model, optimizer, images, labels):
        return body(model, optimizer, images, labels)

    return training_step


def _step_set_to_zero(model, optimizer, images, labels):
    for p in model.parameters():
        p.grad = None
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return float(loss)


def _step_by_closure(model, optimizer, images, labels):
    def closure():
        model.zero_grad(set_to_none=False)
        loss = nn.NLLLoss()(model(images).log_softmax(1), labels)
        loss.backward()
        return loss

    return optimizer.step(closure).detach()


def _step_loss_after(model, optimizer, images, labels):
    _step_set_to_zero(model, optimizer, images, labels)
    return F.cross_entropy(model(images), labels).item()


def _step_twice(model, optimizer, images, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()


def _step_summed(model, optimizer, images, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item() / len(labels)


def _step_clipped(model, optimizer, images, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return loss.item()


def _tune_by_group(model, classes, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    model.output = nn.Linear(model.output.in_features, classes)
    optimizer.add_param_group({"params": model.output.parameters()})
    return model, optimizer


def _tune_a_copy(model, classes, lr):
    state = {n: v for n, v in model.state_dict().items() if "output" not in n}
    other = ModernLeNet5(num_classes=classes)
    other.load_state_dict(state, strict=False)
    return [other, torch.optim.SGD(list(other.parameters()), lr)]


def _tune(change=lambda model: None, make=None, freeze=None):
    def fine_tune(model, classes, lr):
        model.output = nn.Linear(84, classes)
        change(model)
        if freeze:
            model.get_submodule(freeze).requires_grad_(False)
        make_it = make or (lambda model: torch.optim.SGD(model.parameters(), lr=lr))
        return model, make_it(model)

    return fine_tune


def _rates_by_formula(epochs, batches, peak):
    n = epochs * batches
    return peak * (1 + np.cos(np.pi * np.arange(n) / n)) / 2


def _rates_to_zero(epochs, batches, peak):
    n = epochs * batches
    return [peak * math.cos(math.pi / 2 * i / (n - 1)) ** 2 for i in range(n)]


def _rates_by_lambda(epochs, batches, peak):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=peak)
    n, used = epochs * batches, []
    half = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / n))
    )
    for _ in range(n):
        used.append(torch.tensor(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        half.step()
    return used


def _rates(of):
    def rates(epochs, batches, peak):
        n = epochs * batches
        return [peak * of(i, n, batches) for i in range(n)]

    return rates


def _half(t):
    return (1 + math.cos(math.pi * t)) / 2


def _losses_without_graph(model, batches):
    with torch.no_grad():
        return [F.cross_entropy(model(x), y) for x, y in batches]


def _losses_detached(model, batches):
    kept = []
    for x, y in batches:
        kept += [F.cross_entropy(model(x), y).detach().numpy()]
    return np.array(kept)


def _losses_in_the_end(model, batches):
    losses = []
    for x, y in batches:
        losses.append(F.cross_entropy(model(x), y))
    return torch.stack(losses).tolist()


def _losses(of):
    def batch_losses(model, batches):
        return [of(model, x, y) for x, y in batches]

    return batch_losses


def _losses_with_last_graph_kept(model, batches):
    losses, logits = [], []
    for x, y in batches:
        logits.append(model(x))
        losses.append(F.cross_entropy(logits[-1], y).item())
    return losses


# Ward 4: evaluation


def _scored(model, images, labels):
    with torch.inference_mode():
        return (model(images).argmax(1) == labels).float().mean().item()


def _accuracy_of_a_copy(model, images, labels):
    return _scored(copy.deepcopy(model).eval(), images, labels)


def _accuracy_by_layer(model, images, labels):
    on = [layer for layer in model.modules() if layer.training]
    for layer in on:
        layer.training = False
    try:
        return torch.tensor(_scored(model, images, labels))
    finally:
        for layer in on:
            layer.training = True


def _accuracy(prepare, after, share=1.0):
    def accuracy(model, images, labels):
        before = model.training
        prepare(model)
        right = share * _scored(model, images, labels)
        after(model, before)
        return right

    return accuracy


def _restored(model, mode):
    model.train(mode)


def _mean_at_once(model, images, labels, size):
    return F.cross_entropy(model(images), labels)


def _mean_by_weights(model, images, labels, size):
    starts = range(0, len(labels), size)
    parts = [(images[i : i + size], labels[i : i + size]) for i in starts]
    losses = [F.cross_entropy(model(x), y).item() for x, y in parts]
    return np.average(losses, weights=[len(y) for _, y in parts])


def _mean(weigh):
    def mean_loss(model, images, labels, size):
        parts = list(zip(images.split(size), labels.split(size)))
        return weigh([(F.cross_entropy(model(x), y).item(), len(y)) for x, y in parts])

    return mean_loss


# Ward 5: what surrounds the training


def _epoch_by_numpy(model, optimizer, batches, step):
    return np.mean([step(model, optimizer, *batch) for batch in batches])


def _epoch_running(model, optimizer, batches, step):
    mean = 0.0
    for n, (images, labels) in enumerate(batches, start=1):
        mean += (step(model, optimizer, images, labels) - mean) / n
    return mean


def _epoch_by_images(model, optimizer, batches, step):
    total = count = 0
    for images, labels in batches:
        total += step(model, optimizer, images, labels) * len(labels)
        count += len(labels)
    return torch.tensor(total / count)


def _epoch(of, take=lambda batches: batches):
    def train_epoch(model, optimizer, batches, step):
        return of([step(model, optimizer, x, y) for x, y in take(batches)])

    return train_epoch


def _average(losses):
    return sum(losses) / len(losses)


def _faded(losses):
    """A moving average, as some progress bars show it."""
    return functools.reduce(lambda old, new: 0.9 * old + 0.1 * new, losses)


def _sure_by_logarithm(logits, threshold):
    return logits.log_softmax(-1).max(dim=-1).values >= math.log(threshold)


def _sure_image_by_image(logits, threshold):
    return [bool(row.softmax(0).max() >= threshold) for row in logits]


def _sure_by_numpy(logits, threshold):
    z = logits.double().numpy()
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return (z / z.sum(axis=1, keepdims=True)).max(axis=1) >= threshold


def _best(copy_of, better=lambda new, best: new > best, start=-math.inf, load=None):
    def keep_best(model, run_epoch, epochs):
        best = start
        for _ in range(epochs):
            score = run_epoch()
            if better(score, best):
                best, kept = score, copy_of(model)
        (load or (lambda model, kept: model.load_state_dict(kept)))(model, kept)

    return keep_best


def _by_file(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return file


def _load_file(model, file):
    file.seek(0)
    model.load_state_dict(torch.load(file))


def _clones(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def _parameters_only(model):
    return [p.detach().clone() for p in model.parameters()]


def _load_parameters(model, kept):
    with torch.no_grad():
        for p, value in zip(model.parameters(), kept):
            p.copy_(value)


def _best_stopped_early(model, run_epoch, epochs):
    best = -1.0
    for _ in range(epochs):
        score = run_epoch()
        if score <= best:
            break
        best, kept = score, _clones(model)
    model.load_state_dict(kept)


def _train_while(run_epoch, save, epochs):
    done = 0
    while done < epochs:
        done += 1
        run_epoch(done)
        save(done)


def _train_save_again(run_epoch, save, epochs):
    for epoch in range(1, epochs + 1):
        run_epoch(epoch)
        save(epoch)
    if epochs:
        save(epochs)


def _train(steps, count=lambda epochs: epochs):
    def train(run_epoch, save, epochs):
        for epoch in range(1, count(epochs) + 1):
            steps(run_epoch, save, epoch, epochs)

    return train


def _save_before_next(run_epoch, save, epoch, epochs):
    if epoch > 1:
        save(epoch - 1)
    run_epoch(epoch)
    if epoch == epochs:
        save(epoch)


def _save_in_finally(run_epoch, save, epoch, epochs):
    try:
        run_epoch(epoch)
    finally:
        save(epoch)


def _save_unless_last(run_epoch, save, epoch, epochs):
    run_epoch(epoch)
    if epoch < epochs:
        save(epoch)


def _save_at_once(run_epoch, save, epoch, epochs):
    run_epoch(epoch)
    save(epoch)


def _save_every_other(run_epoch, save, epoch, epochs):
    run_epoch(epoch)
    if epoch % 2 or epoch == epochs:
        save(epoch)


def _save_as_one(run_epoch, save, epoch, epochs):
    run_epoch(epoch)
    save(1)


def _restore(load=lambda model, state: model.load_state_dict(state), **how):
    def restore(model, file):
        load(model, torch.load(file, **how))

    return restore


def _restore_by_copying(model, file):
    state = torch.load(file, map_location=lambda storage, location: storage)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(state[name])


def _restore_where_it_is(model, file):
    device = next(model.parameters()).device
    model.load_state_dict(torch.load(file, map_location=device), assign=True)


def _load_weights_of_layers(model, state):
    mine = {k: v for k, v in state.items() if k.endswith("weight")}
    model.load_state_dict(mine, strict=False)


def _load_into_a_copy(model, state):
    copy.deepcopy(model).load_state_dict(state)


def _load_under_other_names(model, state):
    model.load_state_dict({f"module.{k}": v for k, v in state.items()}, strict=False)


def _load_and_halve(model, state):
    model.load_state_dict(state)
    model.half()


def _curve_named(plt, losses, path):
    fig, ax = plt.subplots()
    ax.plot(losses)
    ax.set(xlabel="step")
    plt.show()
    fig.savefig(path)


def _curve_with_title(plt, losses, path):
    plt.figure(figsize=(4, 3))
    plt.plot(range(1, len(losses) + 1), losses, "o-", label="loss")
    plt.title("Loss")
    plt.xlabel("batch")
    plt.legend()
    plt.grid(True)
    plt.tight_layout()
    plt.savefig(path, dpi=80, bbox_inches="tight")
    plt.show()
    plt.close()


def _curve_on_a_scale(plt, losses, path):
    with plt.style.context("default"):
        plt.subplot(1, 1, 1)
        plt.semilogy(losses)
        plt.gcf().set_size_inches(3, 2)
        plt.gcf().savefig(str(path))
        plt.show(block=False)


def _curve(values, show_first=False, close_first=False):
    def save_curve(plt, losses, path):
        plt.plot(values(losses))
        if show_first:
            plt.show()
            plt.gcf()
        plt.savefig(path)
        if close_first:
            plt.close()
        plt.show()

    return save_curve


def _curve_after_a_new_axis(plt, losses, path):
    fig, ax = plt.subplots()
    fig.savefig(path)
    ax.plot(losses)
    plt.show()


def _timer_with_long_warm_up(gpu, step, repeats):
    for _ in range(3):
        step()
    gpu.synchronize()
    begin = gpu.clock()
    for _ in range(repeats):
        step()
    gpu.synchronize()
    end = gpu.clock()
    return torch.tensor((end - begin) / repeats)


def _timer_by_helper(gpu, step, repeats):
    def elapsed(count):
        gpu.synchronize()
        start = gpu.clock()
        [step() for _ in range(count)]
        gpu.synchronize()
        return gpu.clock() - start

    elapsed(1)
    return elapsed(repeats) / repeats


def _timer(warm=1, inside=False, before=True, after=True, divide=lambda n: n):
    def time_step(gpu, step, repeats):
        for _ in range(warm):
            step()
        if before:
            gpu.synchronize()
        start = gpu.clock()
        for _ in range(repeats):
            step()
            if inside:
                gpu.synchronize()
        if after:
            gpu.synchronize()
        return (gpu.clock() - start) / divide(repeats)

    return time_step


def _timer_of_single_steps(gpu, step, repeats):
    times = []
    for _ in range(repeats + 1):
        gpu.synchronize()
        start = gpu.clock()
        step()
        gpu.synchronize()
        times.append(gpu.clock() - start)
    return sum(times[1:]) / repeats


RIGHT = {
    "clinic.flips": [_augment_padded, _augment_grouped],
    "clinic.pixels": [
        lambda images, mean, std: images.mul(std).add(mean).numpy(),
        lambda images, mean, std: ((images.double() + mean / std) * std).clamp(0, 1),
    ],
    "clinic.channels": [
        _channels_stacked,
        lambda images: images.movedim(-1, 1).contiguous(),
        lambda images: np.transpose(images.numpy(), (0, 3, 1, 2)),
    ],
    "clinic.statistics": [_normalise_by_numpy, _normalise_flat],
    "clinic.pairs": [_shuffle_by_draws, _shuffle_pairs],
    "clinic.split": [_split_by_numpy, _split_by_draws],
    "clinic.labels": [
        lambda logits, labels: F.cross_entropy(logits, labels.view(-1).to(torch.int64)),
        lambda logits, labels: (
            -logits.log_softmax(1).gather(1, labels.long()).mean().item()
        ),
    ],
    "clinic.linear": [_HeadOfList, _HeadByHand, _head(torch.tanh, torch.abs)],
    "clinic.batch": [
        _forward(lambda c5: c5.view(len(c5), -1)),
        _forward(lambda c5: c5[:, :, 0, 0]),
        _forward_image_by_image,
    ],
    "clinic.pool": [_pooled(), _pooled_in_one_line],
    "clinic.features": [_Lenet28, _lenet28(pad=0), _lenet28_smaller],
    "clinic.mask": [
        _Sparse,
        _parametrized,
        _pruned,
        _hooked(),
        _hooked(lambda layer, grad, four: four.to(grad.device)),
        _hooked(later=True),
    ],
    "clinic.registered": [_DenseByParameters, _DenseByName],
    "clinic.softmax": [
        lambda logits, labels: F.nll_loss(logits.log_softmax(1), labels),
        lambda logits, labels: float(
            (logits.logsumexp(1) - logits[range(len(labels)), labels]).mean()
        ),
    ],
    "clinic.zero-grad": [_step_set_to_zero, _step_by_closure],
    "clinic.optimizer": [_tune_by_group, _tune_a_copy],
    "clinic.schedule": [_rates_by_formula, _rates_to_zero, _rates_by_lambda],
    "clinic.memory": [_losses_without_graph, _losses_detached],
    "clinic.eval": [_accuracy_of_a_copy, _accuracy_by_layer],
    "clinic.mean": [_mean_at_once, _mean_by_weights],
    "clinic.argmax": [
        lambda logits, labels: torch.eq(logits.max(dim=1).indices, labels).sum(),
        lambda logits, labels: np.count_nonzero(
            logits.numpy().argmax(-1) == labels.numpy()
        ),
    ],
    "clinic.best": [_best(_clones), _best(_by_file, load=_load_file)],
    "clinic.checkpoint": [_train_while, _train_save_again, _train(_save_before_next)],
    "clinic.figure": [_curve_named, _curve_with_title, _curve_on_a_scale],
    "clinic.timing": [_timer_with_long_warm_up, _timer_by_helper],
    "clinic.bytes": [
        lambda images, amount: images.clamp(max=255 - amount) + amount,
        lambda images, amount: (images.float() + amount).clamp(0, 255).byte(),
        lambda images, amount: torch.where(
            images > 255 - amount, torch.full_like(images, 255), images + amount
        ),
        _brighter_by_numpy,
    ],
    "clinic.validation": [_sets_of_one_class, _sets_by_wrapping],
    "clinic.dropout": [
        _dropped(_half_by_hand),
        _dropped(_dropped_by_layer),
        _dropped(lambda net, x: F.dropout(x) if net.training else x),
    ],
    "clinic.epoch": [_epoch_by_numpy, _epoch_running, _epoch_by_images],
    "clinic.axis": [_sure_by_logarithm, _sure_image_by_image, _sure_by_numpy],
    "clinic.device": [
        _restore(map_location=torch.device("cpu")),
        _restore_by_copying,
        _restore_where_it_is,
    ],
}
WRONG = {
    "clinic.flips": [
        _augment(_sometimes_mirrored),
        _augment(lambda image, generator: image.rot90(2, (1, 2))),
        _augment(lambda image, generator: image.transpose(1, 2)),
        _augment(reach=3),
        _augment(axes=(2,)),
        _augment(own=False),
        _augment(lambda image, generator: 0.9 * image),
        _augment_in_place,
        _one_for_all,
    ],
    "clinic.pixels": [
        lambda images, mean, std: images * std - mean,
        lambda images, mean, std: images * 0.3081 + 0.1307,
        lambda images, mean, std: (images - images.min()) * std,
        lambda images, mean, std: images / std + mean,
        lambda images, mean, std: 255 * (images * std + mean),
    ],
    "clinic.channels": [
        lambda images: images.permute(0, 3, 2, 1),
        lambda images: images.permute(0, 3, 1, 2).flip(2),
        lambda images: images.flip(0).permute(0, 3, 1, 2),
        lambda images: images.mean(3, keepdim=True)
        .permute(0, 3, 1, 2)
        .expand(-1, 3, -1, -1),
        lambda images: images.transpose(1, 3).reshape(
            len(images), 3, *images.shape[1:3]
        ),
    ],
    "clinic.statistics": [
        _normalise(lambda train, test: (test - train.mean()) / test.std()),
        _normalise(lambda train, test: (test - test.mean()) / train.std()),
        _normalise(lambda train, test: (test - train.mean(0)) / train.std(0)),
        _normalise(lambda train, test: (test - train.mean()) / train.var()),
        lambda train, test: (train - train.mean(), test - train.mean()),
    ],
    "clinic.pairs": [
        _shuffle(lambda n, g: torch.randperm(n, generator=g), lambda o: o.argsort()),
        _shuffle(lambda n, g: torch.randperm(n, generator=g), lambda o: o.flip(0)),
        _shuffle(lambda n, g: _seeded(n, g.initial_seed() % 2)),
        _shuffle(lambda n, g: _seeded(n, 0)),
        _shuffle(lambda n, g: torch.randint(n, (n,), generator=g)),
        _shuffle(lambda n, g: torch.randperm(n - 1, generator=g)),
    ],
    "clinic.split": [
        _split(lambda count, seed: _seeded(count, seed % 2)),
        _split(_after_numpys_seed),
        _split(_after_torchs_seed),
        _split(_seeded, lambda order, held: (order[held + 1 :], order[:held])),
        _split(_seeded, lambda order, held: (order, order[:held])),
    ],
    "clinic.labels": [
        lambda logits, labels: F.cross_entropy(logits, labels.flatten().long() - 1),
        lambda logits, labels: F.cross_entropy(
            logits, labels.flatten().long(), reduction="sum"
        ),
        lambda logits, labels: F.cross_entropy(
            logits, labels[:1].flatten().long().expand(len(logits))
        ),
        lambda logits, labels: F.mse_loss(logits, labels),
        lambda logits, labels: F.nll_loss(logits, labels.flatten().long()),
    ],
    "clinic.linear": [
        _head(lambda x: F.dropout(x), lambda x: F.dropout(x)),
        _head(second=lambda x: x),
        _head(first=lambda x: 2 * x + 1),
        _head(first=lambda x: F.dropout(x), second=torch.tanh),
        _head(last=lambda x: x.log_softmax(1)),
        _head(last=torch.tanh),
        _head(start=torch.tanh, first=lambda x: x),
        _head(start=F.relu),
        _HeadNormed,
    ],
    "clinic.batch": [
        _forward(lambda c5: c5.flatten(2).transpose(1, 2).reshape(-1, 120)),
        _forward(lambda c5: c5.permute(0, 2, 3, 1).reshape(-1, 120)),
        _forward(lambda c5: c5.squeeze()),
        _forward(lambda c5: c5.flatten(1), act=torch.tanh),
        _forward(lambda c5: c5.flatten(1) / 2),
        _forward(lambda c5: c5.flatten(1).mean(0, keepdim=True)),
    ],
    "clinic.pool": [
        _pooled(act=torch.tanh),
        _pooled(pool=F.avg_pool2d),
        _pooled(keep=lambda x: x.detach()),
        _pooled(keep=F.dropout),
        _pooled(end=lambda x: x.softmax(1)),
    ],
    "clinic.features": [
        _lenet28(act=torch.relu),
        _lenet28(pad=0, act=torch.relu),
        _lenet28(pool=F.max_pool2d),
        _lenet28(mode="replicate"),
        _lenet28(value=1.0),
        _lenet28(start=lambda x: F.interpolate(x, 32)),
        _lenet28(start=lambda x: F.interpolate(x, (32, 32), mode="bilinear")),
        _lenet28(start=lambda x: F.pad(x, (4, 0, 4, 0))),
        _lenet28(act=lambda x: x),
        _lenet28(act=lambda x: F.dropout(torch.tanh(x), 0.1)),
    ],
    "clinic.mask": [
        _hooked(lambda layer, grad, four: four),
        _hooked(lambda layer, grad, four: four, later=True),
        _hooked(start=False),
        _masked(plain=True),
        _masked(end=torch.tanh),
        _masked(turn=lambda mask: mask.flip(0)),
        _masked(use=lambda w, m: (w * m).detach()),
        _masked(use=lambda w, m: w * (m + 1e-3)),
    ],
    "clinic.registered": [
        _dense(bend=torch.relu),
        _dense(bend=lambda x: x),
        _dense(last=torch.tanh),
        _dense(fresh=True),
        _dense(bias=False),
        _dense(depth=1),
        lambda sizes: _dense()([sizes[0], 12, 8, sizes[-1]]),
    ],
    "clinic.softmax": [
        lambda logits, labels: F.cross_entropy(logits, labels, reduction="sum"),
        lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=0.1),
        lambda logits, labels: F.cross_entropy(logits.clamp(-50, 50), labels),
        lambda logits, labels: F.cross_entropy(logits.log_softmax(1).exp(), labels),
        lambda logits, labels: F.multi_margin_loss(logits, labels),
        lambda logits, labels: (
            -(logits.softmax(1).clamp(min=1e-12).log())[
                range(len(labels)), labels
            ].mean()
        ),
    ],
    "clinic.zero-grad": [_step_loss_after, _step_twice, _step_summed, _step_clipped],
    "clinic.optimizer": [
        _tune(lambda model: model.f6.reset_parameters()),
        _tune(lambda model: model.c5.weight.data.zero_()),
        _tune(freeze="c1"),
        _tune(make=lambda model: torch.optim.SGD(model.parameters(), lr=0.01)),
        _tune(make=lambda model: torch.optim.SGD(model.output.parameters(), lr=0.25)),
        _tune(lambda model: setattr(model, "act", nn.ReLU())),
        _tune(
            lambda model: setattr(
                model, "output", nn.Sequential(model.output, nn.LogSoftmax(1))
            )
        ),
    ],
    "clinic.schedule": [
        _rates(lambda i, n, batches: 1 - i / n),
        _rates(lambda i, n, batches: _half((i + 1) / n)),
        _rates(lambda i, n, batches: _half(i // batches * batches / n)),
        _rates(lambda i, n, batches: math.cos(math.pi / 2 * i / n)),
        _rates(lambda i, n, batches: 0.1 + 0.9 * _half(i / n)),
        _rates(lambda i, n, batches: _half(i / (2 * n))),
        lambda epochs, batches, peak: _rates_to_zero(epochs, batches, peak)[:-1],
    ],
    "clinic.memory": [
        _losses_in_the_end,
        _losses_with_last_graph_kept,
        _losses(lambda model, x, y: F.cross_entropy(model(x), y).clone()),
        _losses(lambda model, x, y: round(F.cross_entropy(model(x), y).item(), 2)),
        _losses(
            lambda model, x, y: F.cross_entropy(model(x), y, reduction="sum").item()
        ),
        lambda model, batches: _losses_without_graph(model, batches)[-1:],
    ],
    "clinic.eval": [
        _accuracy(nn.Module.eval, _restored),
        _accuracy(nn.Module.eval, lambda model, mode: None),
        _accuracy(nn.Module.eval, lambda model, mode: model.train()),
        _accuracy(nn.Module.eval, _restored, share=100.0),
        _accuracy(lambda model: None, lambda model, mode: None),
        _accuracy(
            lambda model: setattr(model, "training", False),
            lambda model, mode: setattr(model, "training", mode),
        ),
    ],
    "clinic.mean": [
        _mean(lambda pairs: sum(loss for loss, _ in pairs) / len(pairs)),
        _mean(
            lambda pairs: sum(loss * n for loss, n in pairs)
            / (len(pairs) * pairs[0][1])
        ),
        _mean(lambda pairs: sum(loss * n for loss, n in pairs)),
        _mean(lambda pairs: float(np.median([loss for loss, _ in pairs]))),
        _mean(
            lambda pairs: sum(loss / n for loss, n in pairs)
            / sum(1 / n for _, n in pairs)
        ),
    ],
    "clinic.argmax": [
        lambda logits, labels: (logits.argmin(1) == labels).sum(),
        lambda logits, labels: (logits.argmax(1) != labels).sum(),
        lambda logits, labels: (
            logits.T.reshape(len(labels), 10).argmax(1) == labels
        ).sum(),
        lambda logits, labels: (logits.topk(2).indices == labels[:, None]).any(1).sum(),
        lambda logits, labels: (logits.argmax(1) == labels).float().mean(),
        lambda logits, labels: len(
            set(logits.argmax(1).tolist()) & set(labels.tolist())
        ),
    ],
    "clinic.best": [
        _best(
            copy.copy, load=lambda model, kept: model.load_state_dict(kept.state_dict())
        ),
        _best(_clones, better=lambda new, best: new < best, start=math.inf),
        _best(_clones, start=0.0),
        _best(_clones, start=0.6),
        _best(_parameters_only, load=_load_parameters),
        _best_stopped_early,
    ],
    "clinic.checkpoint": [
        _train(_save_in_finally),
        _train(_save_unless_last),
        _train(_save_as_one),
        _train(_save_at_once, lambda epochs: epochs - 1),
        _train(_save_every_other),
    ],
    "clinic.figure": [
        _curve(sorted),
        _curve(lambda losses: losses[::-1]),
        _curve(lambda losses: losses[:-1]),
        _curve(np.cumsum),
        _curve(np.log),
        _curve(lambda losses: losses, show_first=True),
        _curve(lambda losses: losses, close_first=True),
        _curve_after_a_new_axis,
    ],
    "clinic.timing": [
        _timer(inside=True),
        _timer(inside=True, before=False),
        _timer(warm=0),
        _timer(before=False),
        _timer(divide=lambda n: n + 1),
        _timer(after=False),
        _timer_of_single_steps,
        lambda gpu, step, repeats: step.milliseconds,
    ],
    "clinic.bytes": [
        lambda images, amount: (images.int() + amount) % 256,
        lambda images, amount: (images.int() + amount).clamp(0, 254),
        lambda images, amount: images.to(torch.int8) + amount,
        lambda images, amount: (images * (1 + amount / 255)).clamp(0, 255).byte(),
        lambda images, amount: (images // 2 + amount // 2) * 2,
        lambda images, amount: (images.int() + amount).clamp(max=255) / 255,
    ],
    "clinic.validation": [
        _two_sets(held_out=lambda augment: augment),
        _two_sets(held_out=_once),
        _two_sets(train=_once),
        _two_sets(train=lambda augment: None),
        _two_sets(cut=1),
        _two_sets(off=1),
    ],
    "clinic.dropout": [
        _dropped(lambda net, x: F.dropout(x, 0.5, not net.training)),
        _dropped(lambda net, x: F.dropout(x, 0.2, net.training)),
        _dropped(lambda net, x: F.dropout(x, 0.5, net.training) * 0.5),
        _dropped(lambda net, x: F.dropout(x, 0.5, x.requires_grad)),
        _dropped(lambda net, x: F.dropout1d(x, 0.5, net.training)),
        _dropped(lambda net, x: nn.Dropout(0.5).eval()(x)),
        _dropped(_forgets_the_mode),
    ],
    "clinic.epoch": [
        _epoch(_average, lambda batches: batches[:-1]),
        _epoch(_average, lambda batches: [*batches, *batches]),
        _epoch(_average, lambda batches: batches[::-1]),
        _epoch(_faded),
        _epoch(max),
        _epoch(lambda losses: (losses[0] + losses[-1]) / 2),
        _epoch(lambda losses: sum(losses) / (len(losses) + 1)),
    ],
    "clinic.axis": [
        lambda logits, threshold: F.softmax(logits, 0).amax(0) >= threshold,
        lambda logits, threshold: F.softmax(logits, 1).amax(0) >= threshold,
        lambda logits, threshold: F.softmax(logits, 1) >= threshold,
        lambda logits, threshold: logits.softmax(1).amax(1) < threshold,
        lambda logits, threshold: (logits.softmax(1).amax(1) >= threshold).sum(),
        lambda logits, threshold: F.log_softmax(logits, 1).amax(1) >= threshold,
    ],
    "clinic.device": [
        _restore(_load_weights_of_layers, map_location="cpu"),
        _restore(_load_into_a_copy, map_location="cpu"),
        _restore(_load_under_other_names, map_location="cpu"),
        _restore(_load_and_halve, map_location="cpu"),
        _restore(map_location="cuda:15"),
    ],
}
