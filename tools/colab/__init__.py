"""The Colab edition: chapters as notebooks that read like the pages, without MyST.

Colab, Kaggle and Jupyter know Markdown, HTML and LaTeX between dollars. The build of
the book (_ext/colab_edition.py) puts an edition of each chapter behind the page's
download button, with numbers and titles as Sphinx resolved them; ``make colab``
collects them, and the publish workflow pushes them to the branch that Colab opens.

===============================  ===================================================
In a chapter                     In its edition
===============================  ===================================================
``{doc}`` ``{ref}`` ``{term}``   title or words as on the page, linked to the page
``{numref}`` ``{eq}``            "Fig. 12", "(3)", linked to the page
``{cite:p}`` ``{cite:t}``        authors and year, linked to the source in the page
``{math}``                       LaTeX between dollars
a link to a page or a file       a link to the published page or to the repository
``{admonition}``                 a block quote under its title
... of class ``dropdown``        the same, folded (details)
``{dropdown}``                   folded
``{div}``                        what stands in it
``{widget}``                     a link to the page
``{predict}`` ``{order}``        the question, its answer folded; what is to be
                                 predicted is covered by metadata, as code is below
an equation with a label         its number as a tag
``(target)=`` and ``% comment``  nothing
caption of a figure (metadata)   a cell below it, with the number
``hide-input``, ``hide-cell``,   the cell's code is folded: by metadata of Colab,
``remove-input`` (tags)          of Jupyter and of Kaggle
anything else of MyST            an error that names chapter, cell and line
===============================  ===================================================
"""

BRANCH = "colab"  # what the publish workflow pushes, and Colab opens
