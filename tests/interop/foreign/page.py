"""`spec/example.md`, as values by their names."""

from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "spec" / "example.md"


@dataclass
class Page:
    """The page's values as they stand there, without white space and notes; and its HTTP heads."""

    values: dict[str, str] = field(default_factory=dict)
    heads: list[bytes] = field(default_factory=list)

    def bytes(self, name: str) -> bytes:
        """A value that is hexadecimal."""
        return bytes.fromhex(self.values[name])


def read_page() -> Page:
    """The page as it stands in this repository."""
    page = Page()
    for block in PAGE.read_text().split("```")[1::2]:
        kind, lines = block.split("\n", 1)
        if kind == "http":
            page.heads.append(lines.replace("\n", "\r\n").encode() + b"\r\n")
        else:
            assert kind == "text", kind
            page.values |= _values(lines)
    return page


def _values(lines: str) -> dict[str, str]:
    """Names at the margin, each with its value indented below it."""
    values: dict[str, str] = {}
    name = ""
    for line in lines.splitlines():
        if line.startswith(" "):
            values[name] += "".join(line.partition(";")[0].split())
        else:
            name = line
            assert name not in values, name
            values[name] = ""
    return values
