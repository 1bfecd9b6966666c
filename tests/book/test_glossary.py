"""The glossary is in order and says each term once, in two languages."""


def test_terms_are_sorted_unique_and_translated(root):
    text = (root / "chapters" / "back" / "glossary.md").read_text()
    body = text.split("```{glossary}\n")[1].rsplit("```", 1)[0]
    entries = [entry.split("\n") for entry in body.strip().split("\n\n")]
    terms = [english.lower().replace("-", " ") for english, *_ in entries]
    assert terms == sorted(set(terms))
    for _, chinese, *said in entries:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
        assert said and all(line.startswith("  ") for line in said)
