"""The exercises of the chapter on GPUs and several devices."""

import torch.nn.functional as F
from torch import nn
from torch.utils.data import DistributedSampler

from lenet_course.ch10_gpu.checkers import Device, accumulate_checker, clip_checker
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise


def _rate(low, high, batch, fixed=True, share=True):
    (b1, t1), (b2, t2) = low, high
    each = (t2 - t1) / (b2 - b1)
    start = t1 - each * b1 if fixed else 0.0
    return batch / (start + each * batch) if share else start + each * batch


@exercise(
    "gpu.throughput",
    task="From two measured steps, predict the images per second at another batch.",
    checker=function(
        _rate,
        [
            ((64, 0.0012), (1024, 0.0036), 4096),
            ((1, 0.001), (101, 0.002), 50),
            ((10, 0.5), (20, 0.6), 40),
            ((32, 0.004), (64, 0.008), 128),
            ((16, 0.02), (256, 0.05), 7),
            ((8, 3.0), (24, 7.0), 1000),
        ],
        wrong=[
            (
                lambda low, high, batch: high[0] / high[1],
                "That is the rate at the second batch. At another one the fixed cost "
                "is spread over another number of images.",
            ),
            (
                lambda low, high, batch: _rate(low, high, batch, fixed=False),
                "That leaves out the fixed cost of a step: what would a step on no "
                "images take?",
            ),
            (
                lambda low, high, batch: _rate(low, high, batch, share=False),
                "That is the time of the step. How many images pass in a second?",
            ),
        ],
        look="Two points (batch, seconds) fix the line a + b·batch: find b, then a.",
    ),
    hints=[
        "The slope between the two points is the cost of one image, b.",
        "Take b times the first batch from the first time: the rest is the fixed cost.",
        "The rate is the batch divided by a + b·batch.",
    ],
    more="As the batch grows, the rate approaches 1/b and never passes it.",
)
def images_per_second(low, high, batch) -> float:
    """Two points fix the line a + b·batch; the rate is batch over it."""
    (b1, t1), (b2, t2) = low, high
    each = (t2 - t1) / (b2 - b1)
    fixed = t1 - each * b1
    return batch / (fixed + each * batch)


def _timed(device, repeats, warm=True, first=True, last=True, each=True):
    if warm:
        device.launch()
    if first:
        device.synchronize()
    start = device.clock()
    for _ in range(repeats):
        device.launch()
    if last:
        device.synchronize()
    seconds = device.clock() - start
    return seconds / repeats if each else seconds


@exercise(
    "gpu.timer",
    task="Time a call on a device that works behind your back.",
    checker=function(
        _timed,
        [(Device(2.0, 60.0), 10), (Device(5.0, 30.0), 4), (Device(3.0, 9.0), 50)],
        tolerance=1e-4,
        wrong=[
            (
                lambda d, n: _timed(d, n, last=False),
                "The clock was read while the device was still at work.",
            ),
            (
                lambda d, n: _timed(d, n, first=False),
                "When the clock started, the warm-up was still in the queue.",
            ),
            (
                lambda d, n: _timed(d, n, warm=False),
                "The first call is slower than the others: make it before the clock.",
            ),
            (
                lambda d, n: _timed(d, n, each=False),
                "That is the time of all calls together.",
            ),
        ],
        look="Warm up, wait, read the clock, launch, wait, read the clock.",
    ),
    hints=[
        "Launch once before you time anything, and wait for it.",
        "Between the last launch and the second look at the clock, the device has to "
        "finish.",
    ],
    more="`performance.median_seconds` does this, and takes the median of rounds.",
)
def seconds_per_call(device, repeats) -> float:
    """Wait before the clock starts and before it stops; the warm-up is not counted."""
    device.launch()
    device.synchronize()
    start = device.clock()
    for _ in range(repeats):
        device.launch()
    device.synchronize()
    return (device.clock() - start) / repeats


def _bytes(params, batch, kept, states=2, fixed=False):
    return 4 * (params * (2 + states) + (1 if fixed else batch) * kept)


@exercise(
    "gpu.memory",
    task="How many bytes does training with Adam hold, all of it in float32?",
    checker=function(
        _bytes,
        [(61_706, 64, 12_272), (61_706, 1, 12_272), (1000, 8, 500), (10, 3, 0)]
        + [(0, 5, 7), (61_100_840, 128, 1_500_000)],
        wrong=[
            (
                lambda p, b, k: _bytes(p, b, k, states=0),
                "Adam remembers something for every weight. How many numbers?",
            ),
            (
                lambda p, b, k: _bytes(p, b, k, states=1),
                "Three numbers for every weight are one too few. Count the weight, its "
                "gradient, and what Adam remembers.",
            ),
            (
                lambda p, b, k: _bytes(p, b, k, fixed=True),
                "Activations are kept for every image of the batch.",
            ),
            (
                lambda p, b, k: _bytes(p, b, k) // 4,
                "These are numbers. How many bytes has one in float32?",
            ),
        ],
        look="Weights, gradients, Adam's memory; then what is kept for each image.",
    ),
    hints=[
        "Four numbers lie in memory for every weight, two of them Adam's.",
        "What is kept for the backward pass grows with the batch; the rest does not.",
    ],
    more="For LeNet-5 at batch 64: 1 MB for the weights' part, 3 MB for the images'.",
)
def training_bytes(params, batch, kept_per_image) -> int:
    """Weight, gradient and Adam's two means make 16 bytes a weight."""
    return 4 * (4 * params + batch * kept_per_image)


def _shard(count, size, rank):
    sampler = DistributedSampler(range(count), size, rank, shuffle=False)
    return list(sampler)


@exercise(
    "gpu.shards",
    task="Which images does process `rank` of `size` see?",
    checker=function(
        _shard,
        [
            (count, size, rank)
            for count, size in (
                (10, 2),
                (10, 3),
                (7, 4),
                (5, 4),
                (2, 5),
                (1, 4),
                (9, 1),
            )
            for rank in range(size)
        ],
        wrong=[
            (
                lambda count, size, rank: list(range(rank, count, size)),
                "The processes get different numbers of images: the one with more "
                "would wait for a partner until the group's time-out.",
            ),
            (
                lambda count, size, rank: list(range(rank, count - count % size, size)),
                "That drops the images left over; the sampler repeats some instead.",
            ),
            (
                lambda count, size, rank: (list(range(count)) * 2)[
                    rank * -(-count // size) : (rank + 1) * -(-count // size)
                ],
                "The shards are right in size, but the images are dealt out in turn, "
                "like cards.",
            ),
        ],
        look="Deal the images out in turn; if some process is short, start again at 0.",
    ),
    hints=[
        "Every process gets `math.ceil(count / size)` images.",
        "Lengthen the list to that many for each by starting it again from 0, as often "
        "as needed.",
        "Process `rank` takes every `size`-th entry, beginning with its own number.",
    ],
    more="`DistributedSampler` does it on a list that it shuffles first.",
)
def shard(count, size, rank) -> list:
    """Equal shards: the list is lengthened from its start, then dealt out in turn."""
    each = -(-count // size)
    indices = [i % count for i in range(each * size)]
    return indices[rank::size]


@exercise(
    "gpu.accumulate",
    task="Take one step on a batch that fits into memory only in parts.",
    checker=accumulate_checker,
    hints=[
        "Clear once, then `backward` for every part, then step once.",
        "`F.cross_entropy` gives the mean over a part; you need that over the batch.",
        "Weight each part's loss by `len(part) / len(images)`.",
    ],
    more="Dividing by the number of parts is enough only when all are equally long.",
)
def accumulated_step(model, optimizer, images, labels, size) -> None:
    """Each part's mean loss counts by its share of the images.

    Its graph is freed by its own `backward`, so that only one part's activations are
    in memory at a time.
    """
    optimizer.zero_grad()
    for x, y in zip(images.split(size), labels.split(size)):
        loss = F.cross_entropy(model(x), y) * len(x) / len(images)
        loss.backward()
    optimizer.step()


@exercise(
    "gpu.scaler",
    task="Take a clipped step under a `GradScaler`, and leave all ready for the next.",
    checker=clip_checker,
    hints=[
        "`scaler.scale(loss)` is what goes backward; the gradients are then as many "
        "times too long.",
        "`scaler.unscale_(optimizer)` brings them back, once a step, and it comes "
        "before whatever looks at their size.",
        "`scaler.step(optimizer)` leaves the step out if a gradient overflowed; "
        "`scaler.update()` then lowers the scale.",
    ],
    more="`scaler.step` knows that they were unscaled, and does not divide again.",
)
def clipped_step(loss, parameters, optimizer, scaler, limit) -> None:
    """The norm to limit is that of the true gradients: unscale, and then clip."""
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(parameters, limit)
    scaler.step(optimizer)
    scaler.update()
