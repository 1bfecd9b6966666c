"""What an interview says itself, in English and in Chinese; the page gets it, too."""

LEVELS = {
    "basic": ("Basic", "基础"),
    "intermediate": ("Intermediate", "中级"),
    "advanced": ("Advanced", "高级"),
}
TOPICS = {
    "history": "历史",
    "shapes": "形状与参数量",
    "receptive-field": "感受野",
    "convolution": "卷积运算",
    "pooling": "池化",
    "activations": "激活函数",
    "optimisation": "损失与优化",
    "backpropagation": "卷积与池化的反向传播",
    "regularisation": "正则化、数据增强与归一化",
    "debugging": "训练与调试",
    "alexnet": "AlexNet",
    "comparisons": "对比",
    "deployment": "部署与效率",
    "coding": "编程题",
    "beyond": "LeNet 之后",
    "systems": "指标、数据与系统",
}
ROUNDS = {
    "mixed": ("Mixed", "综合"),
    "screen": ("Phone screen", "电话初筛"),
    "fundamentals": ("Fundamentals", "基础知识"),
    "derivation": ("Derivation at a whiteboard", "白板推导"),
    "coding": ("Coding", "编程"),
    "debugging": ("Debugging", "调试"),
    "design": ("Design", "方案设计"),
    "project": ("Your own project", "项目经历"),
}
POINTS = {
    "claim": ("Claim", "结论"),
    "reason": ("Reason", "理由"),
    "number": ("Number", "数字"),
    "example": ("Example", "例子"),
}
WORDS = {
    "place": ("{here} of {all}", "第 {here} 题，共 {all} 题"),
    "aim": ("{seconds} s; aim at {aim}.", "用时 {seconds} 秒，目标 {aim} 秒。"),
    "answer": ("Your answer", "你的回答"),
    "aloud": ("Say it aloud, or write it here", "说出来，或者写在这里"),
    "show": ("Show the answer", "看答案"),
    "said": ("You said:", "你说到了："),
    "which": (
        "Which did you say? (such as 13; none: empty)",
        "说到了哪几条？（如 13；都没有就留空）",
    ),
    "digits": ("Please type digits of 1 to 3.", "请输入 1 到 3 的数字。"),
    "next": ("Go on", "继续"),
    "then": ("And then:", "追问："),
    "right": ("I said it", "说到了"),
    "wrong": ("I did not", "没说到"),
    "yes-no": ("Did you say it? (y/n)", "说到了吗？（y/n）"),
    "flags": ("Wrong, and often heard", "常听到的错误回答"),
    "points": ("{points} of {best} points", "{best} 分中得 {points} 分"),
    "each": ("{seconds} s an answer", "每题 {seconds} 秒"),
    "all": ("All", "总计"),
    "passed": (
        "At or above the {mark}% that this book calls a pass.",
        "达到本书的及格线 {mark}%。",
    ),
    "failed": (
        "Below the {mark}% that this book calls a pass.",
        "低于本书的及格线 {mark}%。",
    ),
    "missing": ("Left out", "漏掉的"),
    "times": ("{name}: {times}", "{name} {times} 次"),
    "read": ("Read again", "再读一遍"),
    "earlier": ("Earlier", "以前"),
    "begin": (
        "Answer aloud, or type; an empty line shows the answer. Ctrl-C stops.",
        "说出来，或者打字；空行显示答案。Ctrl-C 中断。",
    ),
    "kept": (
        "Kept: {done} of {all} answered. Start again to go on.",
        "已保存：答了 {done} / {all} 题。再次启动即可继续。",
    ),
}


def word(key: str, language: str = "en", **values) -> str:
    """One of `WORDS`, filled in.

    >>> word("place", here=1, all=10)
    '1 of 10'
    """
    return name(WORDS[key], language).format(**values)


def name(pair: tuple[str, str], language: str) -> str:
    """The English or the Chinese of a pair."""
    return pair[language == "zh"]
