"""A term explains itself where it is used."""

from tests.book.small_book import built

PAGE = """
The {term}`unit <unit>` and a {term}`单元`, a [link](#page).

```{glossary}
unit
单元
  One number of a map, $-\\max(0, a)$, if 0 < a.
```
"""


def test_a_term_carries_both_names_and_the_definition(tmp_path):
    page, said = built(tmp_path, PAGE, "_ext.terms", myst=["dollarmath"])
    assert not said
    terms = page.select("a.term")
    assert [term.get_text() for term in terms] == ["unit", "单元"]
    whole = "unit · 单元: One number of a map, −max(0, a), if 0 < a."
    assert {term["aria-description"] for term in terms} == {whole}
    assert len(page.select("a[aria-description]")) == 2
