"""A fork's own site points at the fork: its address comes from GitHub Actions."""

import os

from sphinx.application import Sphinx
from sphinx.config import Config


def setup(app: Sphinx) -> dict:
    app.connect("config-inited", stamp_address)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def stamp_address(app: Sphinx, config: Config) -> None:
    """Replace the address in _config.yml by that of the repository that builds.

    ``BOOK_BRANCH`` wins over ``GITHUB_REF_NAME``, which is no branch for tags and
    pull requests.
    """
    options = config.html_theme_options
    if repository := os.environ.get("GITHUB_REPOSITORY"):
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
        options["repository_url"] = f"{server}/{repository}"
    branch = os.environ.get("BOOK_BRANCH") or os.environ.get("GITHUB_REF_NAME")
    if branch:
        options["repository_branch"] = branch
