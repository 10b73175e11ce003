"""What a result was measured on: data, knowledge, models, settings, seed and commit."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bot.config import Config
from evals.figures import SEED
from knowledge.store import KnowledgeStore
from knowledge.versions import Versions

_PROJECT = Path(__file__).resolve().parent.parent
# Settings that say where, not how; and secrets.
_LEFT_OUT = {"home", "host", "port", "chroma_url", "model_url", "model_api_key"}


def measured_on(
    config: Config, data: Iterable[Path], *, models: dict[str, str] | None = None, home: bool = True
) -> dict[str, Any]:
    """`home` is false where no knowledge was asked. Raises KnowledgeMissing."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": commit(),
        "data": {_short(path): _hash_of_file(path) for path in data},
        "knowledge": _knowledge(config.home) if home else None,
        "models": models or {},
        "config": settings_of(config),
        "seed": SEED,
    }


def settings_of(config: Config) -> dict[str, Any]:
    """What decides about answers; no places, no secrets."""
    settings: dict[str, Any] = config.model_dump(mode="json", exclude=_LEFT_OUT)
    return settings


def commit() -> str:
    """The abbreviated commit, `-dirty` where files were changed; the version without a checkout."""
    git = shutil.which("git")
    if git is not None and (_PROJECT / ".git").exists():
        command = [git, "-C", str(_PROJECT), "describe", "--always", "--dirty", "--abbrev=12"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return f"version {version('frontdesk')}"


def _knowledge(home: Path) -> dict[str, Any]:
    versions = Versions(home)
    name = versions.current()
    store = KnowledgeStore(versions.path(name) / "passages.db")
    try:
        records = sorted((record.id, record.content_hash) for record in store.documents())
        return {
            "version": name,
            "documents": len(records),
            "passages": store.count(),
            "hash": _hash(repr(records).encode()),
            "embedder": store.fact("embedder"),
        }
    finally:
        store.close()


def _short(path: Path) -> str:
    """Below the project where it is there: a baseline is read on other machines."""
    full = path.resolve()
    return str(full.relative_to(_PROJECT) if full.is_relative_to(_PROJECT) else path)


def _hash_of_file(path: Path) -> str:
    return _hash(path.read_bytes())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
