"""A drawn figure: an element of the page, and vector files for a paper."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negjudge.data.durable import write_changed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "figures"
INK, FAINT = "#374151", "#d1d5db"


@dataclass(frozen=True)
class Drawing:
    """A figure, its own name on the page and among files, and a description for who cannot see it."""

    figure: Figure
    name: str
    description: str

    def __post_init__(self) -> None:
        for axes in self.figure.axes:
            axes.spines[["top", "right"]].set_visible(False)
            axes.spines[["left", "bottom"]].set_color(FAINT)
            axes.tick_params(colors=INK, labelsize=8)

    def element(self) -> str:
        """Return an SVG element: text stays text, ids are its own in the page, its width is the page's."""
        text = self._saved("svg", transparent=True).decode()
        text = text[text.index("<svg") :]
        text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{self.name}-", text)
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        return re.sub(
            r'<svg [^>]*?(viewBox="[^"]*")[^>]*>',
            rf'<svg \1 role="img" aria-label="{self.description}">',
            text,
            count=1,
        )

    def files(self) -> dict[str, bytes]:
        """Return the figure as SVG and PDF on white, by file name; the same figure gives the same bytes."""
        return {f"{self.name}.{kind}": self._saved(kind, facecolor="white") for kind in ("svg", "pdf")}

    def _saved(self, kind: str, **options: Any) -> bytes:
        import matplotlib

        dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
        fonts: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": self.name, "pdf.fonttype": 42}
        buffer = io.BytesIO()
        with matplotlib.rc_context(fonts):
            self.figure.savefig(buffer, format=kind, metadata={**dates, "Creator": None}, **options)
        return buffer.getvalue()


def write_figures(folder: Path, figures: Iterable[Drawing]) -> None:
    """Write each figure into a folder as SVG and PDF; files of figures that are gone are removed."""
    contents = {folder / name: data for drawing in figures for name, data in drawing.files().items()}
    for path, data in contents.items():
        write_changed(path, data)
    for stale in {*folder.glob("*.svg"), *folder.glob("*.pdf")} - set(contents):
        stale.unlink()
