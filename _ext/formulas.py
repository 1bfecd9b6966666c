"""Formulas in plain text, such as "d(k − 1) + 1" or "Σⱼ wⱼ / √n", set as MathML.

Hints and solutions are plain text, for they stand in notebooks as well. In the page the
browser sets their formulas by itself, without a script. What is not certainly a formula
stays as it is.
"""

import re
import unicodedata
from html import escape, unescape

BINARY = "=+−·×/<>≤≥≈"  # a word beside one of these is a name
SUP, SUB = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀᵗᶻ", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ᵢⱼₖₘₙₚₛₜ"
ACCENTS = {"\u0302": "^", "\u0303": "~", "\u0304": "¯"}
FUNCTIONS = ("ln", "log", "exp", "max", "min", "cos", "sin", "tanh")
TOKEN = re.compile(
    r"(?P<rest>//|(?<! )=|(?<=[a-z]{2})/(?=[a-z]{2}))|(?P<sign>(?<![^\s(\[])[−+](?=\S))"
    rf"|(?P<number>\d[\d,.]*\d|\d)|(?P<sup>[{SUP}]+)|(?P<sub>[{SUB}]+)"
    rf"|(?P<prefix>[√Σ∂])|(?P<binary>[{BINARY}])|(?P<open>[(\[])|(?P<close>[)\]])"
    rf"|(?P<name>(?:(?![{SUP}{SUB}])[^\W\d_])+\d*[{''.join(ACCENTS)}′]*)"
    r"|(?P<comma>,)|(?P<space>\s)|(?P<other>.)",
    re.DOTALL,
)
CODE = {
    "@",
    "//",
    "%",
    "[",
    "_",
    "*",
    "-",
    "…",
}  # beside these it is no formula, or cut
OPERAND = {"number", "name", "open", "prefix"}
Tokens = list[tuple[str, str]]


def set_formulas(text: str) -> str:
    """``text`` (HTML without tags) with its formulas as MathML.

    >>> set_formulas("so n² is")
    'so <math><msup><mi>n</mi><mn>2</mn></msup></math> is'
    >>> set_formulas("A 5×5 kernel, and a bias")
    'A 5×5 kernel, and a bias'
    """
    tokens = [(m.lastgroup, m[0]) for m in TOKEN.finditer(unescape(text))]
    made, at, depth = [], 0, 0
    while at < len(tokens):
        run = longest(tokens, at)
        before = [text for _, text in tokens[max(at - 2, 0) : at]]
        begins = (
            not depth and before[-1:] in ([], [" "], ["\n"]) and not CODE & {*before}
        )
        formula = (
            begins and certain(run, tokens[at + len(run) :]) and Reader(run).read()
        )
        plain = run or [tokens[at]]
        if not formula:
            kinds = [kind for kind, _ in plain]
            depth = max(0, depth + kinds.count("open") - kinds.count("close"))
        made.append(formula or escape("".join(text for _, text in plain)))
        at += len(plain)
    return "".join(made)


def longest(tokens: Tokens, start: int) -> Tokens:
    """From here on, all that may belong to one formula."""
    depth, end = 0, start
    while end < len(tokens):
        kind, text = tokens[end]
        depth += (kind == "open") - (kind == "close")
        word = kind == "name" and len(text) > 1
        if kind in ("rest", "other") or depth < 0 or (kind == "comma" and not depth):
            break
        if word and not named(tokens, end) or (end == start and kind == "space"):
            break
        end += 1
    run = tokens[start:end]
    while run and run[-1][0] == "space":
        run.pop()
    article = run[:1] in ([("name", "a")], [("name", "A")]) and len(run) > 2
    return [] if article and run[2][0] != "binary" and run[1][0] == "space" else run


def named(tokens: Tokens, at: int) -> bool:
    """Whether a word of several letters stands for a quantity here."""
    text = tokens[at][1]
    if text in FUNCTIONS or not text.isalpha() and len(text) < 4:
        return True
    before = [k for k, _ in tokens[max(at - 2, 0) : at] if k != "space"][-1:]
    after = [k for k, _ in tokens[at + 1 : at + 3] if k != "space"][:1]
    bound = {"binary", "sup", "sub"} & {*after} or {"binary", "prefix"} & {*before}
    bound = bound or tokens[at + 1 : at + 2] in ([("open", "(")], [("open", "[")])
    return bool(bound) or (before, after) == (["open"], ["close"])


def certain(run: Tokens, following: Tokens) -> bool:
    """Whether this is a whole formula and says more than two numbers."""
    kinds = [kind for kind, _ in run]
    whole = kinds.count("open") == kinds.count("close") and kinds
    whole = whole and "binary" not in (kinds[0], kinds[-1])
    names = [len(text) > 2 and text.isalpha() for _, text in run if text != " "]
    phrase = any(a and b for a, b in zip(names, names[1:]))
    says = {"binary", "sup", "sub", "prefix"} & {*kinds}
    letters = {"name", "prefix", "sup"} & {*kinds}
    goes_on = [text for kind, text in following[:2] if kind != "space"][:1]
    return bool(whole and says and letters and not phrase and not CODE & {*goes_on})


class Reader:
    """Reads the tokens of one formula from left to right."""

    def __init__(self, tokens: Tokens):
        self.tokens = [*tokens]

    def read(self) -> str | None:
        """As MathML; None where the tokens make no sense together."""
        try:
            inside = self.row()
        except LookupError:
            return None
        return None if self.tokens else f"<math>{inside}</math>"

    def row(self) -> str:
        """Operands and what stands between them, up to a closing bracket."""
        made: list[str] = []
        while self.tokens and self.next() != "close":
            kind, text = self.tokens[0]
            if kind == "binary" and text == "/" and made:
                self.take("space", "binary")
                made.append(f"<mfrac>{bare(made.pop())}{bare(self.chain())}</mfrac>")
            elif kind in ("binary", "comma", "sign"):
                self.take()
                if self.next() == "binary" or not self.tokens:
                    raise LookupError
                made.append(f"<mo>{escape(text)}</mo>")
            else:
                made.append(self.chain())
        return "".join(made)

    def chain(self) -> str:
        """Operands without a space between them: 2h, f(x), d(k − 1)."""
        made = [self.operand()]
        while self.tokens and self.tokens[0][0] in OPERAND:
            made.append(self.operand())
        self.take("space")
        return made[0] if len(made) == 1 else f"<mrow>{''.join(made)}</mrow>"

    def operand(self) -> str:
        kind, text = self.tokens.pop(0)
        if text == "√":
            return f"<msqrt>{bare(self.operand())}</msqrt>"
        if kind == "prefix":
            sign = self.scripts(f"<mo>{'∑' if text == 'Σ' else text}</mo>")
            self.take("space")
            return f"<mrow>{sign}{self.operand()}</mrow>"
        if kind == "open":
            inside, (_, closing) = self.row(), self.tokens.pop(0)
            group = f"<mo>{text}</mo>{inside}<mo>{closing}</mo>"
            return self.scripts(f"<mrow>{group}</mrow>")
        if kind not in OPERAND:
            raise LookupError
        return self.scripts(leaf(text))

    def scripts(self, base: str) -> str:
        """With what is raised or lowered after it; x raised to zₖ has its k there."""
        while self.tokens and self.tokens[0][0] in ("sup", "sub"):
            kind, text = self.tokens.pop(0)
            low = ""
            if kind == "sup" and self.tokens and self.tokens[0][0] == "sub":
                low = self.tokens.pop(0)[1]
            inner = (
                small(text) if not low else f"<msub>{small(text)}{small(low)}</msub>"
            )
            base = f"<m{kind}>{base}{inner}</m{kind}>"
        return base

    def next(self) -> str | None:
        """The kind of what follows, spaces left out."""
        self.take("space")
        return self.tokens[0][0] if self.tokens else None

    def take(self, *kinds: str) -> None:
        """Drop one token, or those of the named kinds."""
        if not kinds:
            self.tokens.pop(0)
        while self.tokens and self.tokens[0][0] in kinds:
            self.tokens.pop(0)


def leaf(text: str) -> str:
    """A number or a name, with its accent above.

    >>> leaf("x\\u0302")
    '<mover accent="true"><mi>x</mi><mo>^</mo></mover>'
    """
    if text[0].isnumeric():
        return f"<mn>{text}</mn>"
    if text[-1] in ACCENTS:
        accent = f"<mo>{ACCENTS[text[-1]]}</mo>"
        return f'<mover accent="true"><mi>{text[:-1]}</mi>{accent}</mover>'
    return f"<mi>{text}</mi>"


def small(text: str) -> str:
    """Raised or lowered characters, as one would write them on the line."""
    plain = unicodedata.normalize("NFKC", text).replace("-", "−")
    signs = re.findall(r"\d+|.", plain)
    tags = [
        "mn" if s.isdigit() else "mi" if s.isalpha() or s == "′" else "mo"
        for s in signs
    ]
    made = "".join(f"<{tag}>{sign}</{tag}>" for tag, sign in zip(tags, signs))
    return made if len(signs) == 1 else f"<mrow>{made}</mrow>"


def bare(made: str) -> str:
    """Without the brackets that a fraction or a root makes needless."""
    group = re.fullmatch(
        r"<mrow><mo>\(</mo>((?:(?!<mo>[(),]).)*)<mo>\)</mo></mrow>", made
    )
    return f"<mrow>{group[1]}</mrow>" if group else made
