"""The vectors of one version of the knowledge in Chroma. The only file that imports chromadb."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from knowledge.errors import VectorStoreError
from knowledge.types import Vectors

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

# Rows that are sent at once; an embedded Chroma accepts 5,461, a server may be set to less.
_BATCH_SIZE = 2000
# Chroma's default search width (100) misses some of the nearest 40 more often than this one.
_HNSW: dict[str, Any] = {"space": "cosine", "ef_search": 200}


class VectorIndex:
    """One Chroma collection, searched by cosine; several keys may belong to one passage.

    `url` empty: an embedded store in `folder`; otherwise a Chroma server, and no folder is made.
    """

    def __init__(self, collection: str, *, folder: Path, url: str = "") -> None:
        self._name = collection
        self._place = url or str(folder)
        self._of_server = bool(url)
        with self._errors():
            self._client = _client(folder, url)
        self._collection: Any = None

    def close(self) -> None:
        client: Any = self._client  # `close` is missing from ClientAPI's protocol
        client.close()
        if self._of_server:
            for each in (client, client._admin_client):
                each._server._session.close()  # Chroma leaves its HTTP connections open

    def create(self, keys: Sequence[str], vectors: Vectors, *, progress: Any = None) -> None:
        """Fills a new collection. `vectors` has the shape (len(keys), dimensions)."""
        with self._errors():
            collection = self._client.create_collection(
                self._name,
                embedding_function=None,
                configuration={"hnsw": _HNSW},  # type: ignore[arg-type]  # a TypedDict of Chroma's
            )
            for start in range(0, len(keys), _BATCH_SIZE):
                end = start + _BATCH_SIZE
                collection.add(ids=list(keys[start:end]), embeddings=vectors[start:end])
                if progress:
                    progress(min(end, len(keys)), len(keys))

    def nearest(self, vector: Vectors, k: int) -> dict[str, float]:
        """Key -> cosine of the k nearest vectors (approximately: HNSW, Malkov & Yashunin 2016)."""
        with self._errors():
            found = self._open().query(
                query_embeddings=[vector], n_results=k, include=["distances"]
            )
        return {
            key: 1.0 - distance
            for key, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        }

    def drop(self, names: Sequence[str]) -> None:
        """Removes other collections: the leftovers of old versions or of a killed run."""
        with self._errors():
            for name in names:
                self._client.delete_collection(name)

    def collections(self) -> list[str]:
        with self._errors():
            return [collection.name for collection in self._client.list_collections()]

    def _open(self) -> Any:
        if self._collection is None:
            self._collection = self._client.get_collection(self._name, embedding_function=None)
        return self._collection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except (ChromaError, httpx.HTTPError, ValueError, ConnectionError) as error:
            raise VectorStoreError(
                f"Chroma at {self._place} cannot be used: {error} "
                "Check that it runs and that chroma_url is right, then ingest again."
            ) from error


def _client(folder: Path, url: str) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if not url:
        return chromadb.PersistentClient(folder, settings=settings)
    parts = urlsplit(url)
    ssl = parts.scheme == "https"
    return chromadb.HttpClient(
        parts.hostname or "localhost",
        parts.port or (443 if ssl else 80),
        ssl=ssl,
        settings=settings,
    )
