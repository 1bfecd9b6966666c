"""Python for the page: ``_static/python.js``, fetched when a reader first runs code.

It is Brython, the modules of its library that an answer may import, and the very
modules that check answers in a notebook. All of it stands there as text, since a worker
of a page that was opened from a file can load no script. Nothing else is taken along.
"""

import json
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
CHECKERS = "call", "checkers", "compare"

LIBRARY = """
_codecs _collections _collections_abc _contextvars _functools _io _locale
_operator _py_abc _pydecimal _random _string _thread _typing _weakref _weakrefset abc
annotationlib ast _ast bisect codecs collections contextvars copy copyreg dataclasses
decimal encodings encodings.aliases enum fractions functools genericpath heapq itertools
keyword locale math numbers operator os posix posixpath python_re random re reprlib stat
statistics string sys time types typing weakref
""".split()

NOTICE = """/*!
Brython, copyright (c) 2012, Pierre Quentel pierre.quentel@gmail.com, all rights
reserved; https://github.com/brython-dev/brython. With modules of Python's standard
library, copyright (c) Python Software Foundation, under the PSF licence.

Redistribution and use in source and binary forms, with or without modification, are
permitted provided that the following conditions are met: Redistributions of source code
must retain the above copyright notice, this list of conditions and the following
disclaimer. Redistributions in binary form must reproduce the above copyright notice,
this list of conditions and the following disclaimer in the documentation and/or other
materials provided with the distribution. Neither the name of the <ORGANIZATION> nor the
names of its contributors may be used to endorse or promote products derived from this
software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY
EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL
THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT
OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT
LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
*/
"""


def setup(app: Sphinx) -> dict:
    app.add_js_file("code.js", priority=202)  # after answers.js, before ask.js
    app.connect("build-finished", write_python)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_python(app: Sphinx, error: Exception | None) -> None:
    if not error and app.builder.format == "html":
        target = Path(app.outdir) / "_static" / "python.js"
        target.write_text(script(), encoding="utf-8")


def script() -> str:
    """The source of Brython, and its virtual files: what it imports by name."""
    package = find_spec("brython")
    if package is None:
        raise RuntimeError("install brython (requirements-book.txt)")
    data = Path(package.origin).parent / "data"
    found = {
        "source": (data / "brython.js").read_text(encoding="utf-8"),
        "files": library(data) | checkers(),
    }
    return f"{NOTICE}globalThis.LenetPython = {json.dumps(found)};\n"


def library(data: Path) -> dict[str, list]:
    """The chosen modules of Brython's library, as its own file holds them."""
    text = (data / "brython_stdlib.js").read_text(encoding="utf-8")
    start = text.index("{", text.index("var scripts"))
    everything, _ = json.JSONDecoder().raw_decode(text, start)
    return {name: everything[name] for name in LIBRARY}


def checkers() -> dict[str, list]:
    """The modules that judge, in packages that are otherwise empty."""
    room = "lenet_course.exercises"
    rooms = {name: [".py", "", [], 1] for name in ("lenet_course", room)}
    files = {
        f"{room}.{name}": ROOT / "lenet_course" / "exercises" / f"{name}.py"
        for name in CHECKERS
    } | {"judge": ROOT / "web" / "judge.py"}
    texts = {name: [".py", path.read_text("utf-8"), []] for name, path in files.items()}
    return rooms | texts
