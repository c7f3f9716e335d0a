"""The runbook over HTTP: the pages that notifications link to."""

from __future__ import annotations

from pathlib import Path

from litestar import Response, get
from litestar.exceptions import NotFoundException

RUNBOOK = Path(__file__).with_name("runbook")


@get("/runbook/{name:str}", include_in_schema=False, sync_to_thread=True)
def runbook(name: str) -> Response[str]:
    """A page of the runbook, as it is written."""
    pages = {page.name: page for page in RUNBOOK.glob("*.md")}
    if name not in pages:
        message = f"There is no such page. These exist: {', '.join(sorted(pages))}."
        raise NotFoundException(message)
    headers = {"X-Content-Type-Options": "nosniff"}
    text = pages[name].read_text(encoding="utf-8")
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)
