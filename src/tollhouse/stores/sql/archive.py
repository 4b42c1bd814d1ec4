"""
A backup as a file: a zip with one part a table, and a manifest that comes last and vouches for the parts.

    manifest.json         what it is, when and by which version it was made, and each part's rows and SHA-256
    tables/NAME.jsonl     one JSON array a row, in the order of the part's columns; bytes in base64

It is the same for every database, so what was backed up from one kind can be restored to another. Texts that were
sealed stay sealed; the key that opens them is not in here.
"""

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile
from zlib import error as ZlibError

import msgspec

from tollhouse.domain.errors import OperatorError

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 2**20
"""A few dozen parts of a few hundred bytes each."""
ROW_BYTES_MAX = 64 * 2**20
"""No row of ours comes near it: the largest holds one sealed answer."""
COMPRESSION = 1
"""zlib's fastest: rows shrink to a fifth either way, and a backup should not take the processor from the servers."""
CHUNK_BYTES = 2**20

Cell = int | float | str | bool | None
Row = list[Cell]

_encode_lines = msgspec.json.Encoder().encode_lines
_decode_row = msgspec.json.Decoder(Row).decode


class BackupError(OperatorError):
    """A backup cannot be made, read or put back. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table. `sha256` is that of its uncompressed bytes, in hex."""

    table: str
    columns: tuple[str, ...]
    rows: int
    sha256: str

    @property
    def file_name(self) -> str:
        return f"tables/{self.table}.jsonl"


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    What a backup is.

    Args:
        tollhouse: the version that made it.
        made_at: the moment whose state it holds, RFC 3339.
        kind: of the database it came from: sqlite | postgresql.
        revision: of the schema that its parts follow.
    """

    format: int
    tollhouse: str
    made_at: str
    kind: str
    revision: str
    parts: tuple[Part, ...]

    def rows_of(self, table: str) -> int:
        return next((part.rows for part in self.parts if part.table == table), 0)


class NewArchive:
    """A backup that is being written."""

    def __init__(self, file: ZipFile) -> None:
        self._file = file

    def add(self, table: str, columns: Sequence[str], batches: Iterable[Sequence[Sequence[object]]]) -> Part:
        """Write one table, batch by batch."""
        rows, digest = 0, sha256()
        with self._file.open(f"tables/{table}.jsonl", "w", force_zip64=True) as file:
            for batch in batches:
                lines = _encode_lines([tuple(row) for row in batch])
                file.write(lines)
                digest.update(lines)
                rows += len(batch)
        return Part(table, tuple(columns), rows, digest.hexdigest())

    def end(self, manifest: Manifest) -> None:
        self._file.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


@contextmanager
def new_archive(path: Path) -> Iterator[NewArchive]:
    """
    Write a backup, readable by its owner only, that stands under its name when it is whole, or not at all.

    Raises BackupError if something stands there already.
    """
    if path.exists():
        raise BackupError(f"{path} exists already, and a backup never replaces another. Name a new file, or a folder.")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
                yield NewArchive(archive)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        _sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


class Archive:
    """A backup that is read. Raises BackupError wherever it is not as it was written."""

    def __init__(self, path: Path, file: ZipFile) -> None:
        self._path = path
        self._file = file
        self.manifest = self._manifest()

    def verify(self) -> None:
        """Read everything once and hold it against the manifest, before anything is done with it."""
        for part in self.manifest.parts:
            digest = sha256()
            with self._reading(part.file_name) as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
            if digest.hexdigest() != part.sha256:
                raise self._damaged(f"{part.file_name} is not as it was written")

    def rows(self, part: Part) -> Generator[Row, None, None]:
        """Yield a part's rows. Whoever does not read to the end closes."""
        with self._reading(part.file_name) as file:
            while line := file.readline(ROW_BYTES_MAX):
                row = _decode_row(line)
                if len(row) != len(part.columns):
                    raise self._damaged(f"a row of {part.file_name} has {len(row)} columns")
                yield row

    def _manifest(self) -> Manifest:
        with self._reading(MANIFEST) as file:
            text = file.read(MANIFEST_BYTES_MAX)
        form = msgspec.json.decode(text).get("format")
        if form != FORMAT:
            raise BackupError(
                f"{self._path} is a backup of format {form}; this program reads format {FORMAT}. Upgrade tollhouse."
            )
        return msgspec.json.decode(text, type=Manifest)

    @contextmanager
    def _reading(self, name: str) -> Iterator[BinaryIO]:
        try:
            with self._file.open(name) as file:
                yield file  # type: ignore[misc]  # a binary file in all but name
        except (BadZipFile, ZlibError, EOFError, KeyError, AttributeError, msgspec.MsgspecError) as error:
            raise self._damaged(f"{name} cannot be read: {error}") from error

    def _damaged(self, why: str) -> BackupError:
        return BackupError(f"The backup {self._path} is damaged: {why}. Take another one.")


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a backup and read its manifest. Raises BackupError."""
    try:
        file = ZipFile(path)
    except OSError as error:
        raise BackupError(
            f"The backup {path} cannot be opened: {error.strerror or error}. Name another file."
        ) from None
    except BadZipFile:
        raise BackupError(f"{path} is no backup, or only part of one. Take another one.") from None
    with file:
        yield Archive(path, file)


def batches_of(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Yield lists of up to `size` rows."""
    while batch := list(islice(rows, size)):
        yield batch


def _sync_folder(folder: Path) -> None:
    """Make the new name survive the death of the machine."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
