"""What the chapter on data builds and says, held against other code."""

import functools
import math
import struct

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage
from sklearn.neighbors import KNeighborsClassifier
from torch.utils.data import DataLoader

from experiments.layers import photographs
from lenet_course import exercises, quiz
from lenet_course.ch07_data.loading import Draws
from lenet_helpers import augment, data
from lenet_helpers.data import idx, picture, picture_file
from lenet_helpers.statistics import paired_difference
from tests.chapters.reader import (
    bibliography,
    cited,
    line,
    names,
    printed,
    results,
    sources,
)
from tests.chapters.reader import cells as chapter_cells
from tests.helpers.fake_mnist import idx_bytes

CHAPTER = "07-data"
SIZES = (300, 1_000, 3_000, 10_000, 30_000, 60_000)


@pytest.fixture(scope="module")
def built():
    wanted = "to_idx from_idx mean_and_std stretch nearest blur random_field warp_by"
    wanted += " shares into_box centred"
    made = names(CHAPTER, *wanted.split())
    return made


@functools.cache
def mnist():
    try:
        return data.load("mnist", download=False)
    except data.DataError:
        pytest.skip("MNIST is not here")


@functools.cache
def raw_pixels():
    digits = mnist()
    images = digits.denormalise(digits.train.tensors[0])[:, 0, 2:-2, 2:-2]
    return (255 * images).round().byte()


def drawn(*shape, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=dtype)


# --- what the chapter writes by hand ------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (3, 2, 4), (2, 28, 28)])
def test_idx_is_written_and_read_as_published(built, shape):
    values = (255 * drawn(*shape)).byte()
    content = built["to_idx"](values)
    assert content == idx_bytes(values.numpy().tobytes(), *shape)
    assert torch.equal(built["from_idx"](content), values)
    assert torch.equal(idx.parse(content, len(shape)), values)


@pytest.mark.parametrize(
    "content",
    [
        idx_bytes(bytes(24), 2, 3, 4)[:-1],
        idx_bytes(bytes(25), 2, 3, 4),
        b"\x00\x00\x0d\x01" + struct.pack(">I", 2) + bytes(2),
        b"\x1f\x8b\x08\x00" + bytes(40),
        b"<html>404</html>" * 3,
    ],
    ids=["cut", "too-long", "floats", "gzip", "a-web-page"],
)
def test_what_is_no_idx_file_is_refused(built, content):
    with pytest.raises((ValueError, struct.error)):
        built["from_idx"](content)


def test_mean_and_deviation_by_counting(built):
    pixels = (255 * drawn(7, 28, 28)).byte()
    values = pixels.numpy().astype(np.float64) / 255
    assert np.allclose(built["mean_and_std"](pixels), (values.mean(), values.std()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_blur_is_scipys_gaussian_but_for_its_sum(built, dtype):
    noise = drawn(1, 1, 40, 30, dtype=dtype)
    got = built["blur"](noise, 2.0)
    assert got.dtype == dtype and got.shape == (1, 1, 28, 18)
    full = ndimage.gaussian_filter(noise[0, 0].double().numpy(), 2.0, truncate=3)
    ratio = got[0, 0].double().numpy() / full[6:-6, 6:-6]
    assert np.allclose(ratio, ratio[0, 0], rtol=1e-4)


def test_blur_refuses_what_it_would_leave_nothing_of(built):
    with pytest.raises(ValueError, match="leaves nothing"):
        built["blur"](torch.zeros(1, 1, 12, 12), 2.0)
    assert built["random_field"](2, 8, 1.0, sigma=5).shape == (2, 8, 8, 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_warping_by_hand_is_what_the_helper_does(built, dtype):
    x = drawn(4, 1, 32, 32, dtype=dtype)
    elastic = augment.ElasticDistortion(1.5, 3)
    torch.manual_seed(1)
    field = elastic.field(x)
    torch.manual_seed(1)
    assert torch.allclose(built["warp_by"](x, field), elastic(x), atol=1e-5)


def test_a_field_of_whole_pixels_moves_by_whole_pixels(built):
    x = drawn(1, 1, 16, 16)
    field = torch.tensor([2.0, -1.0]).expand(1, 16, 16, 2)
    moved = built["warp_by"](x, field)
    assert torch.allclose(moved[..., 1:, :-2], x[..., :-1, 2:], atol=1e-5)
    assert torch.allclose(moved[..., -2:], x.amin().expand(1, 1, 16, 2), atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 32, 32), (32, 32), (1, 1, 20, 30)])
def test_images_without_a_batch_axis_are_refused(built, shape):
    with pytest.raises(ValueError, match=r"x is \[N"):
        built["warp_by"](torch.zeros(shape), torch.zeros(1, 32, 32, 2))


def test_box_and_centre_are_the_helpers(built):
    for seed, shape in enumerate([(60, 30), (9, 14), (200, 190), (1, 1), (3, 40)]):
        ink = drawn(*shape, seed=seed) > 0.4
        ink[0] = ink[-1] = ink[:, 0] = ink[:, -1] = True
        got = built["centred"](built["into_box"](ink)).float()
        assert torch.allclose(got, data.as_mnist(ink), atol=1e-6)


def test_nearest_is_sklearns_nearest_neighbour(built):
    x, held = drawn(80, 1, 6, 6), drawn(30, 1, 6, 6, seed=1)
    y, truth = torch.arange(80) % 7, torch.arange(30) % 7
    judge = KNeighborsClassifier(1).fit(x.flatten(1), y)
    wanted = judge.score(held.flatten(1), truth)
    assert built["nearest"]((x, y), (held, truth)) == pytest.approx(wanted)


def test_workers_repeat_only_what_they_copied():
    loader = torch.utils.data.DataLoader(Draws(4), batch_size=2, num_workers=2)
    batches = [batch for _ in range(2) for batch in loader]
    for name in ("torch.rand", "random.random", "np.random.rand"):
        assert len({v for b in batches for v in b[name].tolist()}) == 8
    assert len({tuple(b["self.rng"].tolist()) for b in batches}) == 1


def test_every_next_iter_begins_anew():
    loader = torch.utils.data.DataLoader(range(20), batch_size=5)
    firsts = [next(iter(loader)).tolist() for _ in range(3)]
    assert firsts == [[0, 1, 2, 3, 4]] * 3


# --- what it says of MNIST ------------------------------------------------------------


def test_how_mnist_lies_in_its_field():
    ink = raw_pixels() > 0
    rows, columns = ink.any(2).numpy(), ink.any(1).numpy()
    sides = [
        np.array([np.ptp(np.flatnonzero(mask)) + 1 for mask in masks])
        for masks in (rows, columns)
    ]
    longer = np.maximum(*sides)
    assert (longer == 20).sum() == 60_000 - 13 and "all but 13 of 60,000" in line(
        CHAPTER
    )
    centres = np.array(
        [ndimage.center_of_mass(image) for image in raw_pixels()[::50].numpy()]
    )
    assert np.abs(centres - 14).max() <= 0.53


def test_remarks_stand_out_as_often_as_said():
    pixels = raw_pixels().float() / 255
    width = picture.stroke_width(pixels)
    for share in (
        (width < picture.THINNEST).float().mean(),
        (width > picture.BOLDEST).float().mean(),
    ):
        assert 0.0002 < share < 0.001
    ink = pixels > 0
    wide, high = (ink.any(axis).sum(1) for axis in (1, 2))
    assert 0.002 < (wide > picture.WIDEST * high).float().mean() < 0.006


def test_the_two_numbers_of_from_picture_are_those_of_load():
    digits = mnist()
    assert digits.mean == pytest.approx(data.MNIST_MEAN, abs=1e-9)
    assert digits.std == pytest.approx(data.MNIST_STD, abs=1e-9)


def test_padding_multiplies_two_means():
    share, square = 784 / 1024, 0.3081**2 + 0.1307**2
    padded = math.sqrt(share * square - (share * 0.1307) ** 2)
    assert round(padded, 3) == 0.275 and round(share * 0.1307, 4) == 0.1001


def test_torchvisions_pipeline_is_data_load_on_mnist(built, tmp_path):
    from torchvision import datasets, transforms

    digits = mnist()
    place = tmp_path / "MNIST" / "raw"
    place.mkdir(parents=True)
    parts = {"train": digits.train.tensors, "t10k": digits.test.tensors}
    for part, (x, y) in parts.items():
        pixels = (255 * digits.denormalise(x)[:, 0, 2:-2, 2:-2]).round().byte()
        images = place / f"{part}-images-idx3-ubyte"
        images.write_bytes(built["to_idx"](pixels))
        labels = place / f"{part}-labels-idx1-ubyte"
        labels.write_bytes(built["to_idx"](y.byte()))
    steps = [transforms.Pad(2), transforms.ToTensor()]
    steps += [transforms.Normalize((digits.mean,), (digits.std,))]
    for train, (x, y) in ((True, parts["train"]), (False, parts["t10k"])):
        pipeline = datasets.MNIST(
            tmp_path, train=train, transform=transforms.Compose(steps)
        )
        assert torch.equal(pipeline.targets, y)
        for i in range(0, len(y), 61):
            assert torch.equal(pipeline[i][0], x[i])


# --- what it says of its runs ---------------------------------------------------------


def rows(name, **key):
    return [r for r in results(name)["runs"] if key.items() <= r.items()]


def test_the_runs_are_what_the_text_says():
    record = results("data-size")
    assert (record["all_steps"], record["batch_size"], record["rate"]) == (
        *(600, 100),
        0.003,
    )
    for size in SIZES:
        assert [r["seed"] for r in rows("data-size", digits=size, budget="steps")] == [
            *range(5)
        ]
    steps = {r["digits"]: r["steps"] for r in rows("data-size", budget="epochs")}
    assert steps == {n: n // 100 for n in SIZES[:-1]}


def test_the_summary_has_five_lines():
    text = sources(CHAPTER)["data-93"]
    assert [row[:2] for row in text.splitlines() if row[:1].isdigit()] == [
        f"{n}." for n in range(1, 6)
    ]


def test_every_elastic_run_makes_more_than_a_third_fewer_mistakes():
    elastic = {r["seed"]: r["error"] for r in rows("warps", kind="elastic")}
    assert len(elastic) == 5
    for seed, error in elastic.items():
        (plain,) = rows("data-size", digits=3_000, budget="steps", seed=seed)
        assert error < plain["error"] * 2 / 3


def test_four_photographs_show_more_or_fewer_than_one_digit():
    runs = rows("photographs")
    assert sum(r["not_one_digit"] for r in runs) == 4
    assert "In four of the 500" in line(CHAPTER)


def test_photographs_without_any_other_step_are_upright_all_the_same():
    photo = data.make_photograph(F.pad(torch.ones(1, 20, 4), [9, 15, 4, 4]))
    upright = picture_file.read(photo)[0].mean(0)
    bare = photographs.read(photo, leave_out="everything")
    assert torch.equal(bare, photographs.resized(upright))
    runs = [r["without"]["everything but inverting"] for r in rows("photographs")]
    assert f"{sum(runs) / 5:.0f} %" == "91 %"
    assert "upright, but with no other step, 91 %" in line(CHAPTER)


def test_how_fast_the_runs_were():
    seconds = [r["seconds"] for r in rows("data-size", budget="steps")]
    assert "20 to 68 s" in line(CHAPTER)
    assert (round(min(seconds)), round(max(seconds))) == (20, 68)


def test_the_first_half_is_the_harder_one_in_every_run():
    for run in rows("data-size", budget="steps"):
        assert run["first_half"] > run["second_half"]
    full = rows("data-size", digits=60_000)
    gap = paired_difference(
        [r["first_half"] / 50 for r in full], [r["second_half"] / 50 for r in full]
    )
    assert gap.low > 0
    assert f"{gap}" in printed(chapter_cells(CHAPTER)["data-12"])


def test_what_is_said_of_the_fifteen_test_labels():
    kept = sources(CHAPTER)["data-64"]
    voted = {}
    exec("\n".join(row for row in kept.splitlines() if row.startswith("voted")), voted)
    votes = voted["voted"]
    assert len(votes) == 15 and max(votes.values()) < 3
    labels = {947: 8, 1621: 0, 1901: 9, 2130: 4, 2462: 2, 2597: 5, 2654: 6, 3520: 6}
    labels |= {3558: 5, 5937: 5, 6651: 0, 6783: 1, 8527: 4, 9679: 6, 9729: 5}
    assert votes.keys() == labels.keys()
    test_labels = mnist().test.tensors[1]
    assert {i: int(test_labels[i]) for i in votes} == labels


def test_every_source_is_in_the_bibliography():
    assert cited(CHAPTER) <= bibliography()


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("data").questions}
    backwards = int.from_bytes((60_000).to_bytes(4, "big"), "little")
    assert f"{backwards:,}" in by_id["idx-endian"].question
    right = next(o for o in by_id["resized-statistics"].options if o.correct)
    assert f"{0.2893 / 0.3081:.2f}" == "0.94" and "0.94" in right.text


# --- answers in another style, and subtly wrong ones ----------------------------------


def verdict(id, answer):
    return exercises.check(f"data.{id}", answer)


def test_right_numbers_and_words_in_another_style():
    assert verdict("idx-offset", 5504.0) and verdict("idx-offset", np.int64(5504))
    assert verdict("padded-std", 0.275) and verdict("padded-std", torch.tensor(0.27522))
    assert verdict("first-batches", 100.0) and verdict("first-batches", np.array(100))
    assert verdict("worker-seeds", 2.0) and verdict("worker-seeds", torch.tensor(2))


def test_what_kept_workers_draw_is_what_the_exercise_says():
    kept = {"batch_size": 1, "num_workers": 2, "persistent_workers": True}
    loader = DataLoader(Draws(length=2), **kept)
    values = {item["self.rng"].item() for _ in range(2) for item in loader}
    assert verdict("worker-seeds", len(values))


@pytest.mark.parametrize(
    ("id", "answers"),
    [
        ("idx-offset", [5488, 5496, 6288, 4720]),
        ("padded-std", [0.3081, 0.2359, 0.2696, 0.0757]),
        ("first-batches", [5000, 60_000, 50]),
        ("worker-seeds", [1, 4, 3, 8]),
    ],
)
def test_wrong_numbers_and_words_are_refused(id, answers):
    assert not any(verdict(id, answer) for answer in answers)


def test_statistics_in_two_other_styles(built):
    assert verdict("statistics", built["mean_and_std"])

    def by_numpy(images):
        pixels = images.numpy() / 255
        return pixels.mean(), pixels.std()

    assert verdict("statistics", by_numpy)


@pytest.mark.parametrize("change", ["sample", "each", "scale", "squared"])
def test_statistics_refuses(change):
    def wrong(images):
        pixels = images.double() / (256 if change == "scale" else 255)
        std = pixels.std(correction=1 if change == "sample" else 0)
        if change == "each":
            std = pixels.flatten(1).std(1, correction=0).mean()
        if change == "squared":
            std = std**2
        return pixels.mean().item(), std.item()

    assert not verdict("statistics", wrong)


def test_centre_in_two_other_styles():
    def by_scipy(small):
        row, column = ndimage.center_of_mass(small.numpy())
        big = torch.zeros(60, 60, dtype=small.dtype)
        big[: small.shape[0], : small.shape[1]] = small
        moved = big.roll((round(14 - row), round(14 - column)), (0, 1))
        return moved[:28, :28]

    def by_padding(small):
        h, w = small.shape
        share = small / small.sum()
        top = int(torch.round(14 - (share * torch.arange(h)[:, None]).sum()))
        left = int(torch.round(14 - (share * torch.arange(w)).sum()))
        return F.pad(small, (left, 28 - w - left, top, 28 - h - top))

    assert verdict("centre", by_scipy)
    assert verdict("centre", by_padding)


@pytest.mark.parametrize("change", ["box", "one off", "swapped", "binary", "half"])
def test_centre_refuses(change):
    def wrong(small):
        weights = (small > 0).double() if change == "binary" else small
        row, column = ndimage.center_of_mass(weights.numpy())
        if change == "box":
            row, column = (n / 2 for n in small.shape)
        if change == "swapped":
            row, column = column, row
        target = {"one off": 13, "half": 14.5}.get(change, 14)
        top, left = round(target - row), round(target - column)
        big = torch.zeros(84, 84, dtype=small.dtype)
        h, w = small.shape
        big[28 + top : 28 + top + h, 28 + left : 28 + left + w] = small
        return big[28:56, 28:56]

    assert not verdict("centre", wrong)


def test_turn_in_two_other_styles():
    def by_loop(model, image):
        best, turns = -1.0, None
        for k in range(4):
            p = model(image).softmax(1).max().item()
            if p > best:
                best, turns = p, k
            image = image.rot90(1, (2, 3))
        return turns

    def by_transposing(model, image):
        def turn(x):
            return x.transpose(2, 3).flip(2)

        views = [image, turn(image), turn(turn(image)), turn(turn(turn(image)))]
        with torch.inference_mode():
            logits = [model(v) for v in views]
        return torch.stack([z.log_softmax(1).max() for z in logits]).argmax()

    assert verdict("turn", by_loop)
    assert verdict("turn", by_transposing)


@pytest.mark.parametrize("change", ["clockwise", "logits", "least", "class"])
def test_turn_refuses(change):
    def wrong(model, image):
        sign = -1 if change == "clockwise" else 1
        views = torch.cat([image.rot90(sign * k, (2, 3)) for k in range(4)])
        scores = model(views)
        if change == "logits":
            return scores.sum(1).argmin().item()
        p = scores.softmax(1).amax(1)
        if change == "class":
            return scores[p.argmax()].argmax().item()
        return (p.argmin() if change == "least" else p.argmax()).item()

    assert not verdict("turn", wrong)


def test_suspects_in_two_other_styles():
    def by_loop(logits, labels):
        p = [row.softmax(0)[label].item() for row, label in zip(logits, labels)]
        return sorted(range(len(p)), key=lambda i: p[i])

    def by_gather(logits, labels):
        own = logits.log_softmax(1).gather(1, labels[:, None])[:, 0]
        return torch.argsort(own)

    assert verdict("suspects", by_gather)
    assert verdict("suspects", lambda x, y: torch.tensor(by_loop(x, y)))


@pytest.mark.parametrize(
    "change", ["logit", "sure", "backwards", "mean", "probability"]
)
def test_suspects_refuses(change):
    def wrong(logits, labels):
        p = logits.softmax(1)
        own = p[torch.arange(len(labels)), labels]
        return {
            "logit": lambda: logits[torch.arange(len(labels)), labels].argsort(),
            "sure": lambda: p.amax(1).argsort(),
            "backwards": lambda: own.argsort(descending=True),
            "mean": lambda: (own - p.amax(1)).argsort(),
            "probability": lambda: own,
        }[change]()

    assert not verdict("suspects", wrong)
