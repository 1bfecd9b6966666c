"""The interview questions as pages, made from lenet_course/interview/questions.

``{questions} shapes`` puts one card a question of that topic; ``{question-topics}``
puts the table of topics with its counts. Cards are plain HTML that folds by itself
(details); _static/questions.js adds the language switch, the filter and the marks.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from _ext.headings import slug
from lenet_course.interview import (
    LEVELS,
    TOPICS,
    ContentError,
    Question,
    bank,
    questions,
)
from lenet_course.interview.words import LEVELS as LEVEL_NAMES

ANSWER = ("Answer in 30 seconds", "三十秒回答")
DEPTH = ("In depth", "深入讲解（英文）")
MORE = ("Follow-ups and red flags", "追问与常见错误")
TICKS = ("You said it if you said", "说到这几点才算答出来")
PAGES = "chapters/questions"


class Box(nodes.General, nodes.Element):
    """An HTML element, ``tag`` with ``attributes``, around its children."""


def box(tag: str, name: str, *children: nodes.Node, chinese: bool = False) -> Box:
    language = {"lang": "zh-Hans"} if chinese else {}
    return Box("", *children, tag=tag, classes=name.split(), attributes=language)


def paragraph(name: str, *words: nodes.Node) -> nodes.paragraph:
    return nodes.paragraph("", "", *words, classes=name.split())


def label(english: str, chinese: str) -> list[nodes.Node]:
    """Both names of a thing; the style sheet shows the one of the reader's language."""
    return [
        box("span", "q-en", nodes.Text(english)),
        box("span", "q-zh", nodes.Text(chinese), chinese=True),
    ]


class QuestionCards(SphinxDirective):
    """The questions of one topic, in the order of its file."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        topic = self.arguments[0]
        path = bank.path(topic)
        self.env.note_dependency(str(path))
        if topic in TOPICS and not path.exists():
            return [paragraph("", nodes.Text("No questions on this topic yet."))]
        try:
            found = questions(topic)
        except (ContentError, OSError) as error:
            raise self.error(f"questions: {error}") from error
        return [self.card(question) for question in found]

    def card(self, q: Question) -> nodes.section:
        title = nodes.title("", "", *self.inline(q.question["en"]))
        level = paragraph("q-level", *label(*LEVEL_NAMES[q.level]), *often(q))
        section = nodes.section(
            "",
            title,
            level,
            self.fold("q-answer", ANSWER, self.answer(q, "en")),
            self.chinese(q),
            self.fold("q-deep", DEPTH, self.depth(q)),
            self.fold("q-more", MORE, self.more(q)),
            ids=[q.id],
            names=[q.id],
            classes=["question", f"level-{q.level}"],
        )
        self.state.document.note_explicit_target(section, section)
        return section

    def answer(self, q: Question, language: str) -> list[nodes.Node]:
        """What is said, and the drawing that goes with it."""
        content = self.said(q.answer[language])
        ticks = nodes.bullet_list(classes=["q-ticks"])
        for text in q.points.values():
            ticks += nodes.list_item("", paragraph("", *self.inline(text[language])))
        if q.figure:
            up = "../" * self.env.docname.count("/")
            look = {"loading": "lazy", "alt": q.figure.alt[language]}
            look["src"] = f"{up}web/figures/{q.figure.path.name}"
            content.append(paragraph("q-figure", Box("", tag="img", attributes=look)))
        head = paragraph("q-head", nodes.Text(TICKS[language == "zh"]))
        return [*content, head, ticks]

    def chinese(self, q: Question) -> Box:
        """Without a script a fold of its own; the script makes it the answer."""
        words = paragraph("", *self.inline(q.question["zh"]))
        asked = box("div", "q-asked", words, chinese=True)
        summary = [box("span", "q-name", nodes.Text("中文"))]
        summary.append(box("span", "q-zh", nodes.Text(ANSWER[1])))
        content = [box("summary", "", *summary), asked, *self.answer(q, "zh")]
        return box("details", "q-chinese", *content, chinese=True)

    def depth(self, q: Question) -> list[nodes.Node]:
        content = self.blocks(q.deep)
        cited = self.inline("{cite:t}`" + ",".join(q.sources) + "`")
        content.append(self.line("Sources", "来源", cited))
        page = f"/chapters/{q.chapter}"
        link = f"{{doc}}`{page}`: [](project:{page}.ipynb#{slug(q.heading)})"
        content.append(self.line("Read", "章节", self.inline(link)))
        return content

    def more(self, q: Question) -> list[nodes.Node]:
        asked, flags = [
            nodes.definition_list(classes=[name]) for name in ("q-asks", "q-flags")
        ]
        for f in q.follow_ups:
            end = self.inline(f" {{ref}}`→ <{f.card}>`") if f.card else []
            asked += self.pair(f.ask, f.say, end)
        for flag in q.red_flags:
            flags += self.pair(flag.says, flag.why, [])
        return [
            paragraph("q-head", *label("Then you may be asked", "接下来可能会问")),
            asked,
            paragraph("q-head", *label("Wrong, and often heard", "常听到的错误回答")),
            flags,
        ]

    def pair(self, first: dict, then: dict, end: list) -> nodes.definition_list_item:
        words = paragraph("", *self.both(then), *end)
        term = nodes.term("", "", *self.both(first))
        return nodes.definition_list_item("", term, nodes.definition("", words))

    def both(self, texts: dict[str, str]) -> list[nodes.Node]:
        """Words in both languages, of which the style sheet shows one."""
        return [
            box("span", "q-en", *self.inline(texts["en"])),
            box("span", "q-zh", *self.inline(texts["zh"]), chinese=True),
        ]

    def fold(self, name: str, title: tuple, content: list[nodes.Node]) -> Box:
        return box("details", name, box("summary", "", *label(*title)), *content)

    def line(self, english: str, chinese: str, content: list) -> nodes.paragraph:
        name = box("span", "q-key", *label(english, chinese))
        return paragraph("q-source", name, nodes.Text(" "), *content)

    def said(self, text: str) -> list[nodes.Node]:
        """Spoken words hold no lists: an answer may begin with "156. Six maps"."""
        return [paragraph("", *self.inline(part)) for part in text.split("\n\n")]

    def inline(self, text: str) -> list[nodes.Node]:
        found, messages = self.parse_inline(text, lineno=self.lineno)
        return without_html(nodes.inline("", "", *found, *messages))

    def blocks(self, text: str) -> list[nodes.Node]:
        return without_html(nodes.Element("", *self.parse_text_to_nodes(text)))


def without_html(holder: nodes.Element) -> list[nodes.Node]:
    """The children of ``holder``; tags are shown as they are written, never run."""
    for raw in list(holder.findall(nodes.raw)):
        text = nodes.Text(raw.astext())
        in_line = isinstance(raw.parent, nodes.TextElement)
        raw.replace_self(text if in_line else nodes.paragraph("", "", text))
    return list(holder.children)


def often(q: Question) -> list[nodes.Node]:
    """In how many of the public lists (asked.yml) the question stands."""
    found = len(bank.asked().get(q.id, []))
    if not found:
        return []
    lists = len(bank.lists())
    return label(
        f" · asked in {found} of {lists} public lists",
        f" · 见于 {lists} 份公开题单中的 {found} 份",
    )


class QuestionTopics(SphinxDirective):
    """Topics with their number of questions by level."""

    def run(self) -> list[nodes.Node]:
        there = []
        for topic in TOPICS:
            path = bank.path(topic)
            self.env.note_dependency(str(path))
            if path.exists() and f"{PAGES}/{topic}" in self.env.found_docs:
                there.append(topic)
        try:
            counts = {topic: count(topic) for topic in there}
        except (ContentError, OSError) as error:
            raise self.error(f"question-topics: {error}") from error
        table = topic_table(counts)
        return [box("div", "q-topics", *self.parse_text_to_nodes(table))]


class QuestionLists(SphinxDirective):
    """The public lists in which the questions were counted."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(bank.FOLDER / "asked.yml"))
        rows = [
            f"- [{found['title']}]({found['url']}), {found['questions']} questions"
            f"{', in Chinese' if found['language'] == 'zh' else ''}"
            for found in bank.lists().values()
        ]
        return self.parse_text_to_nodes("\n".join(rows))


def count(topic: str) -> list[int]:
    """Questions of a topic by level, from basic to advanced."""
    return [len(questions(topic, level)) for level in LEVELS]


def topic_table(counts: dict[str, list[int]]) -> str:
    """The table as Markdown, with a last row of sums."""
    rows = [["Topic", *(LEVEL_NAMES[level][0] for level in LEVELS), "All"]]
    rows.append(["---", *["--:"] * (len(LEVELS) + 1)])
    for topic, numbers in counts.items():
        link = f"{{doc}}`{TOPICS[topic]} </{PAGES}/{topic}>`"
        rows.append([link, *map(str, numbers), str(sum(numbers))])
    sums = [sum(column) for column in zip(*counts.values(), strict=True)]
    rows.append(["**All topics**", *(f"**{n}**" for n in [*sums, sum(sums)])])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def visit_box(writer, node: Box) -> None:
    writer.body.append(writer.starttag(node, node["tag"], "", **node["attributes"]))


def depart_box(writer, node: Box) -> None:
    if node["tag"] == "img":  # an element without an end
        return
    writer.body.append(f"</{node['tag']}>\n" if node["tag"] != "span" else "</span>")


def setup(app: Sphinx) -> dict:
    app.add_node(Box, html=(visit_box, depart_box))
    app.add_directive("questions", QuestionCards)
    app.add_directive("question-topics", QuestionTopics)
    app.add_directive("question-lists", QuestionLists)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
