"""Vectors in Chroma: embedded, and on a real `chroma run`."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import psutil
import pytest

from knowledge.errors import VectorStoreError
from knowledge.ingest import Ingest
from knowledge.passage_vectors import PassageVectors, with_centres
from knowledge.search import KnowledgeBase
from knowledge.types import Vectors
from knowledge.vectors import VectorIndex
from tests.conftest import BagEmbedder


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma")
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder)]
    server = subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(url)
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_until_up(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/api/v2/heartbeat").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(url)


def unit_vectors(count: int) -> Vectors:
    vectors = np.random.default_rng(0).normal(size=(count, 16)).astype(np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_the_nearest_vectors_come_with_their_cosines(tmp_path: Path) -> None:
    index = VectorIndex("test", folder=tmp_path)
    vectors = unit_vectors(50)
    index.create([f"{n}.text" for n in range(50)], vectors)
    near = index.nearest(vectors[7], 3)
    assert next(iter(near)) == "7.text"
    assert near["7.text"] == pytest.approx(1.0, abs=1e-5)
    index.close()


def test_a_passage_s_own_vectors_are_compared_exactly(tmp_path: Path) -> None:
    vectors = unit_vectors(10)
    keys = ["1.text", "2.text", *(f"2.question.{n}" for n in range(8))]
    keys, vectors = with_centres(keys, vectors)
    PassageVectors.save(tmp_path / "vectors.npy", 2, keys, vectors)
    cosines = PassageVectors(tmp_path / "vectors.npy").products(vectors[1:2], np.array([2, 1]))[0]
    text, question, centre = cosines[:, 0]
    assert text == pytest.approx(1.0, abs=1e-5)
    assert question == pytest.approx(float(vectors[2] @ vectors[1]), abs=1e-5)
    assert centre == pytest.approx(float(vectors[10] @ vectors[1]), abs=1e-5)
    assert cosines[0, 1] == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-5)
    assert np.isnan(cosines[1:, 1]).all()


def test_a_chroma_server_holds_the_knowledge_by_one_setting(
    tmp_path: Path, chroma_url: str
) -> None:
    (tmp_path / "faq.md").write_text("# FAQ\n\n## How long?\n\nFive days.\n", encoding="utf-8")
    home = tmp_path / "home"
    for days in ("Six", "Seven", "Eight", "Nine"):
        (tmp_path / "faq.md").write_text(f"# F\n\n## How long?\n\n{days} days.\n", encoding="utf-8")
        Ingest(home, BagEmbedder(), chroma_url=chroma_url).run([tmp_path / "faq.md"])
    base = KnowledgeBase(home, BagEmbedder(), chroma_url=chroma_url)
    assert base.search("how long?")[0].passage.text == "Nine days."
    base.close()
    assert not list(home.rglob("chroma"))
    index = VectorIndex("any", folder=tmp_path, url=chroma_url)
    assert 0 < len(index.collections()) <= 4
    index.close()
    port = urlsplit(chroma_url).port
    connections = psutil.Process().net_connections("tcp")
    assert not [each for each in connections if each.raddr and each.raddr.port == port]


def test_a_server_that_is_down_is_named(tmp_path: Path) -> None:
    with pytest.raises(VectorStoreError, match=r"127\.0\.0\.1:9 .*chroma_url"):
        VectorIndex("any", folder=tmp_path, url="http://127.0.0.1:9")
