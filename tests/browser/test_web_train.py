"""Training in the page: its gradients are PyTorch's, it learns, and the pad gets it."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from _ext.widgets import WIDGETS
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.layers import ScaledTanh
from tests.browser.test_storage import REFUSED
from tests.browser.web_runner import (
    STORAGE,
    WEB,
    axe_violations,
    html_page,
    opened,
    run_javascript,
    widget_page,
    widget_scripts,
)
from tools import export_web

ENGINE = [WEB / f for f in ("drills.js", "train-layers.js", "train-net.js")]
RUN = [*ENGINE, WEB / "train-run.js", WEB / "bundled-digits.js"]
PRESETS = [WEB / "draw.js", WEB / "train-settings.js"]
MOUNT = WIDGETS["train"].mount
NET = "TrainNet(TrainLayers(), Drills.Stream)"
SETUP = f"""const Net = {NET}, Run = TrainRun(Net, Drills.Stream);
  const digits = Run.prepare(BundledDigits);"""


# ---- The arithmetic ----


def network(activation: str, pool: str) -> ModernLeNet5:
    torch.manual_seed(1)
    if activation != "scaled":
        return ModernLeNet5(activation=activation, pool=pool)
    model = ModernLeNet5(pool=pool)
    model.act = ScaledTanh()
    return model


def inputs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    images = torch.randn(count, 1, 32, 32, generator=generator)
    return images, torch.arange(count) % 10


def flat(tensors) -> list[float]:
    return torch.cat([t.detach().flatten() for t in tensors]).tolist()


def in_page(function: str, model, activation, pool, images, labels):
    sent = {
        "settings": {"activation": activation, "pool": pool, "start": "he", "seed": 0},
        "parameters": flat(model.parameters()),
        "images": images.flatten(1).tolist(),
        "labels": labels.tolist(),
    }
    opening = f"""({{ settings, parameters, images, labels }}) => {{
      const net = {NET}.create(settings), all = labels.map((_, i) => i);
      net.parameters.set(parameters);"""
    return run_javascript(ENGINE, opening + function + "}", sent)


@pytest.mark.parametrize("pool", ["avg", "max"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "scaled"])
def test_logits_loss_and_every_gradient_equal_pytorch(activation, pool):
    model, (images, labels) = network(activation, pool), inputs(100)
    logits = model(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    found = in_page(
        """const { loss } = net.differentiate(images, labels, all);
        const gradients = Object.values(net.grad).map(({ data }) => Array.from(data));
        return { loss, gradients,
                 logits: images.map((image) => Array.from(net.forward(image))) };""",
        *(model, activation, pool, images, labels),
    )
    assert found["loss"] == pytest.approx(loss.item(), abs=1e-5)
    np.testing.assert_allclose(found["logits"], logits.detach(), rtol=0, atol=1e-5)
    for mine, (name, p) in zip(found["gradients"], model.named_parameters()):
        true = p.grad.flatten().numpy()
        bound = 1e-4 * np.abs(true).max()
        np.testing.assert_allclose(mine, true, rtol=0, atol=bound, err_msg=name)


def test_steps_with_momentum_are_those_of_torch_sgd():
    model, (images, labels) = network("tanh", "avg"), inputs(12)
    sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for batch in torch.arange(12).split(4):
        sgd.zero_grad()
        F.cross_entropy(model(images[batch]), labels[batch]).backward()
        sgd.step()
    found = in_page(
        """for (const at of [0, 4, 8])
          net.learn(images, labels, all.slice(at, at + 4), 0.1, 0.9);
        return Array.from(net.parameters);""",
        *(network("tanh", "avg"), "tanh", "avg", images, labels),
    )
    np.testing.assert_allclose(found, flat(model.parameters()), rtol=0, atol=1e-5)


def test_weights_start_with_the_spread_of_their_rule():
    found = run_javascript(
        ENGINE,
        f"""starts => starts.map((start) => {{
          const set = {{ activation: "tanh", pool: "avg", start, seed: 3 }};
          const {{ tensors }} = {NET}.create(set);
          return ["c3.weight", "f6.weight", "f6.bias"].map((name) =>
            Math.sqrt(tensors[name].data.reduce((s, v) => s + v * v, 0)
              / tensors[name].data.length));
        }})""",
        ["pytorch", "he", "glorot", "small", "zeros"],
    )
    model = ModernLeNet5()
    rules = [
        [p.detach().square().mean().sqrt() for p in (model.c3.weight, model.f6.weight)],
        [(2 / 150) ** 0.5, (2 / 120) ** 0.5],
        [(2 / (150 + 400)) ** 0.5, (2 / (120 + 84)) ** 0.5],
        [0.01, 0.01],
        [0, 0],
    ]
    for (c3, f6, bias), rule, zero in zip(found, rules, [False] + 4 * [True]):
        assert [c3, f6] == pytest.approx([float(r) for r in rule], rel=0.06)
        assert (bias == 0) == zero


def test_the_digits_are_those_of_the_book_split_alike():
    found = run_javascript(
        RUN,
        f"""() => {{ {SETUP}
          const plain = ({{ images, labels }}) => [images.filter((_, i) => i % 20 === 0)
            .map((image) => Array.from(image)), labels];
          return [plain(digits.train), plain(digits.heldOut),
                  BundledDigits.mean, BundledDigits.std];
        }}""",
        None,
    )
    book = data.load("digits")
    assert found[2:] == [book.mean, book.std]
    for (images, labels), part in zip(found, (book.train, book.test)):
        assert labels == part.tensors[1].tolist()
        off = np.abs(np.array(images) - part.tensors[0][::20].flatten(1).numpy())
        assert (
            off.max() < 1.01 / 255 / book.std
        )  # a grey level, where halves are rounded
        assert off.mean() < 1e-4


def test_the_committed_digits_are_a_fresh_export():
    fresh = export_web.digits_to_javascript().encode("ascii")
    assert (WEB / "bundled-digits.js").read_bytes() == fresh


# ---- The three runs to begin with ----


def trained(preset: str, passes: int, steps: int, **changes) -> dict:
    """Losses, scores and the end of a run; it ends as soon as 90 % are read right."""
    return run_javascript(
        [*RUN, *PRESETS],
        f"""({{ preset, passes, steps, changes }}) => {{ {SETUP}
          const set = {{ ...TrainSettings.PRESETS[preset], seed: 0, ...changes }};
          const run = Run.create(set, digits), told = {{ losses: [], scores: [] }};
          const good = () => told.scores.some((score) => score.heldOut >= 0.9);
          while (!good() && !run.state.overflowed && run.state.step < steps
                 && run.state.pass < passes) {{
            run.step();
            const {{ losses, scores, overflowed }} = run.report();
            told.losses.push(...losses), told.scores.push(...scores);
            Object.assign(told, {{ overflowed, step: run.state.step }});
          }}
          return told;
        }}""",
        {"preset": preset, "passes": passes, "steps": steps, "changes": changes},
    )


def test_it_reads_ninety_of_a_hundred_held_out_digits_within_four_passes():
    told = trained("Learns well", 4, 10_000)
    assert told["scores"][-1]["heldOut"] >= 0.9


def test_the_logistic_sigmoid_stands_at_ln_10_where_tanh_learns():
    stuck = trained("The plateau at ln 10", 2, 60)["losses"]
    assert np.mean(stuck[20:]) == pytest.approx(np.log(10), abs=0.05)
    tanh = trained("The plateau at ln 10", 2, 60, activation="tanh")["losses"]
    assert np.mean(tanh[-15:]) < 1


def test_too_fast_ends_where_no_number_is_left():
    told = trained("Too fast", 1, 45)
    assert told["overflowed"] and told["step"] < 45 and max(told["losses"]) > 1e3


def test_rate_and_momentum_are_heard_while_it_runs():
    moved = run_javascript(
        RUN,
        f"""() => {{ {SETUP}
          const set = {{ activation: "tanh", pool: "avg", start: "glorot", seed: 0,
                         batch: 8, rate: 0.1, momentum: 0.9 }};
          const seen = [];
          const receive = Run.receiver((r) => seen.push(r.parameters), 1);
          receive({{ begin: {{ settings: set, digits: BundledDigits }} }});
          receive({{ one: true }});
          receive({{ tune: {{ rate: 0, momentum: 0 }} }});
          receive({{ one: true }});
          const far = (a, b) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));
          return [far(seen[1], seen[0]), far(seen[2], seen[1])];
        }}""",
        None,
    )
    assert moved[0] > 0 and moved[1] == 0


# ---- The page ----


@pytest.fixture
def address(tmp_path) -> str:
    return widget_page(tmp_path, "train")


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def step_of(page) -> int:
    words = page.locator(".lw-numbers").inner_text()
    return int(words.split("step ")[1].split(".")[0].replace(",", ""))


def wait_for_step(page, step: int) -> None:
    page.wait_for_function(
        "n => Number(document.querySelector('.lw-numbers').textContent"
        ".match(/step ([\\d,]+)/)?.[1].replace(',', '')) >= n",
        arg=step,
        timeout=60_000,
    )


def test_it_starts_pauses_goes_on_steps_and_resets(browser, address):
    with opened(browser, address) as page:
        assert page.evaluate("typeof BundledDigits") == "undefined"  # until it starts
        button(page, "Start").click()
        wait_for_step(page, 2)
        assert page.get_by_label("Activation").is_disabled()
        assert page.get_by_label("Rate").is_enabled()
        button(page, "Pause").click()
        page.wait_for_timeout(800)
        stood = step_of(page)
        page.wait_for_timeout(500)
        assert step_of(page) == stood
        button(page, "One step").click()
        wait_for_step(page, stood + 1)
        assert step_of(page) == stood + 1
        button(page, "Go on").click()
        wait_for_step(page, stood + 2)
        assert "digits a second" in page.locator(".lw-numbers").inner_text()
        button(page, "Reset").click()
        assert page.evaluate("document.activeElement.textContent") == "Start"
        assert page.locator(".lw-curve").first.is_hidden()
        assert page.get_by_label("Activation").is_enabled()
        assert button(page, "Take these weights to the pad").is_disabled()


def test_it_learns_before_the_readers_eyes(browser, address):
    with opened(browser, address) as page:
        button(page, "One step").click()
        wait_for_step(page, 1)
        shot = "c => c.toDataURL()"
        filters = page.locator(".lw-growing .lw-c1 canvas")
        before = filters.first.evaluate(shot)
        first = page.locator(".lw-curve").first.get_attribute("aria-label")
        button(page, "Go on").click()
        wait_for_step(page, 46)  # one pass
        last = page.locator(".lw-curve").first.get_attribute("aria-label")
        assert float(last.split("now ")[1]) < float(first.split("now ")[1])
        assert filters.count() == 12 and filters.first.evaluate(shot) != before
        assert "of 360 held-out digits" in page.locator(".lw-numbers").inner_text()
        scores = page.locator(".lw-curve").nth(1).get_attribute("aria-label")
        assert "now" in scores


def test_what_overflows_is_said_in_words_and_goes_no_further(browser, address):
    with opened(browser, address) as page:
        button(page, "Too fast").click()
        page.get_by_text("the loss was no number any more").first.wait_for()
        assert button(page, "Start").or_(button(page, "Go on")).is_disabled()
        assert button(page, "Take these weights to the pad").is_disabled()
        page.get_by_label("logarithmic loss").check()
        paths = page.locator(".lw-curve path").evaluate_all(
            "all => all.map(p => p.getAttribute('d')).join()"
        )
        assert "NaN" not in paths and "Infinity" not in paths
        button(page, "Learns well").click()
        wait_for_step(page, 1)


@pytest.mark.parametrize(
    "refusal",
    [
        "delete window.Worker",
        "window.Worker = class { constructor() { throw new Error('refused') } }",
        "window.Worker = class { constructor() { setTimeout(() => this.onerror()) }"
        " postMessage() {} terminate() {} }",
    ],
)
def test_where_workers_are_refused_the_page_trains_and_says_so(
    browser, tmp_path, refusal
):
    body = f"{MOUNT}</div><script>{refusal}</script>"
    address = html_page(tmp_path, body, [STORAGE, *widget_scripts("train")])
    with opened(browser, address) as page:
        button(page, "Start").click()
        wait_for_step(page, 2)
        words = page.locator(".lw-message").first.inner_text()
        assert "lends no second thread" in words
        button(page, "Pause").click()
        stood = step_of(page)
        page.wait_for_timeout(300)
        assert step_of(page) == stood


def test_digits_that_cannot_be_had_are_a_sentence(browser, tmp_path):
    body = MOUNT.replace("bundled-digits.js", "lost.js") + "</div>"
    page = browser.new_page()
    page.goto(html_page(tmp_path, body, [STORAGE, *widget_scripts("train")]))
    button(page, "Start").click()
    page.locator(".lw-message", has_text="could not be loaded").wait_for()
    page.close()


def test_the_keyboard_does_it_and_hears_it(browser, address):
    with opened(browser, address) as page:
        page.get_by_label("Activation").focus()
        page.keyboard.press("t")  # tanh
        start = button(page, "Start")
        start.focus()
        page.keyboard.press("Enter")
        wait_for_step(page, 1)
        assert page.evaluate("document.activeElement.textContent") == "Pause"
        page.keyboard.press("Space")
        said = page.locator(".lw-spoken").first
        assert said.get_attribute("role") == "status"
        assert said.inner_text().startswith("Paused.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 342])
def test_axe_finds_nothing_and_nothing_sticks_out(browser, address, scheme, width):
    size = {"width": width, "height": 900}
    with opened(browser, address, color_scheme=scheme, viewport=size) as page:
        button(page, "One step").click()
        wait_for_step(page, 1)
        button(page, "Take these weights to the pad").click()
        page.locator(".lw-sheet").wait_for()
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


# ---- The weights in the pad ----

BARS = ".lw-result .lw-number"


def bring(page) -> None:
    button(page, "One step").click()
    wait_for_step(page, 1)
    button(page, "Take these weights to the pad").click()
    page.locator(".lw-sheet").wait_for()


def test_weights_go_to_the_pad_here_and_there_and_the_books_come_back(
    browser, tmp_path
):
    (tmp_path / "pad").mkdir()
    pad = widget_page(tmp_path / "pad", "pad")
    with opened(browser, widget_page(tmp_path, "train")) as page:
        bring(page)
        whose = page.locator(".lw-whose")
        assert "yours: ReLU, maximum pooling, 1 step." in whose.inner_text()
        own = page.locator(BARS).all_inner_texts()
        button(page, "One step").click()
        wait_for_step(page, 2)
        button(page, "Take these weights to the pad").click()
        page.wait_for_function(
            "b => [...document.querySelectorAll('.lw-result .lw-number')]"
            ".map(n => n.textContent).join() !== b",
            arg=",".join(own),
        )
        own = page.locator(BARS).all_inner_texts()
        page.goto(pad)  # the front page, another day
        assert page.locator(BARS).all_inner_texts() == own
        button(page, "Back to the book's weights").click()
        page.wait_for_timeout(100)
        assert page.locator(BARS).all_inner_texts() != own
        assert page.evaluate("document.activeElement.textContent") == "Yours once more"
        page.reload()
        assert page.locator(".lw-whose").is_hidden()


def test_where_nothing_can_be_kept_the_pad_beside_has_the_weights(browser, tmp_path):
    body = f"{REFUSED}{MOUNT}</div>"
    address = html_page(tmp_path, body, [STORAGE, *widget_scripts("train")])
    with opened(browser, address) as page:
        bring(page)
        assert "These weights are yours" in page.locator(".lw-whose").inner_text()


@pytest.mark.parametrize(
    "damage",
    [
        "net.tensors['f6.weight'].data = btoa('short')",
        "net.tensors['c1.bias'].data = '***'",
        "net.activation = 'constructor'",
        "delete net.tensors['c5.weight']",
        "net.mean = null",
    ],
)
def test_damaged_weights_are_left_alone(browser, tmp_path, damage):
    with opened(browser, widget_page(tmp_path, "pad")) as page:
        page.evaluate(
            f"""() => {{ const net = {{ ...LENET_WEIGHTS, words: "w" }};
            net.tensors = structuredClone(net.tensors);
            {damage};
            LenetStorage.write("lenet-own-weights", net); }}"""
        )
        page.reload()
        assert page.locator(".lw-whose").is_hidden()
        assert page.locator(".lw-best strong").inner_text() == "3"


def test_what_training_fetches_later_is_all_that_the_pad_needs():
    named = re.search('data-digits="(.+?)" data-pad="(.+?)"', MOUNT)
    assert (WEB / named[1]).is_file()
    known = {*WIDGETS["train"].scripts, *named[2].split()}
    assert known >= set(WIDGETS["pad"].scripts)
