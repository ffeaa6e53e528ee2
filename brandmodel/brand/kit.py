"""The brand: a folder with ``brand.toml`` and the files that it names, or a value made in code."""

from __future__ import annotations

from pathlib import Path

from brandmodel.brand.file import BrandFile
from brandmodel.brand.slices import Palette, Slice, Voice

ART_DIRECTION = Path(__file__).parents[1] / "starter" / "documents" / "art-direction.md"
"""The document of whoever brings none."""


class Brand(Slice):
    """Everything that makes what is made look and sound like one company.

    ``Brand()`` is the neutral brand: no name, colours left to the maker of each picture, and the
    bundled notes on art direction as its only document.

    Attributes:
        palette: None leaves the colours to the maker.
        display: the face for headlines: a bundled family's name or a font file.
        text: the face for text, likewise.
        logo: an SVG or pixel file.
        documents: Markdown and text files that are searched before anything is made.
        references: pictures that show how the brand looks.
        folder: where the kit lies; None for a brand made in code.
    """

    name: str = ""
    tagline: str = ""
    palette: Palette | None = None
    display: str | Path = "Inter Display"
    text: str | Path = "Inter"
    logo: Path | None = None
    voice: Voice = Voice()
    documents: tuple[Path, ...] = (ART_DIRECTION,)
    references: tuple[Path, ...] = ()
    folder: Path | None = None

    @classmethod
    def load(cls, path: str | Path) -> Brand:
        """Read a brand from its folder, or from its ``brand.toml``.

        Paths in the file count from the file's own folder; a folder stands for all files in it.

        Raises:
            BrandError: the first thing that is wrong, with file and key.
        """
        file = BrandFile(Path(path))
        written = file.written
        documents = file.documents()
        references = file.references()
        return cls(
            name=written.name,
            tagline=written.tagline,
            palette=file.palette(references),
            display=file.face("type.display", written.type.display),
            text=file.face("type.text", written.type.text),
            logo=file.logo(),
            voice=written.voice,
            documents=(ART_DIRECTION,) if documents is None else documents,
            references=references,
            folder=file.folder,
        )
