"""What this machine must have: room in the data folder, and a model that loads."""

import shutil
from pathlib import Path

import numpy as np

from api.diagnosis.findings import Finding, look, mend, ok
from api.settings import Settings
from recommender.embeddings import DIMENSION, ModelUnavailable, OnnxEmbedder, find_onnx

LEAST_BYTES = 2**30
LEAST_SHARE = 0.1
EXPORT = "The worker exports it at its start, and so does: alumni embed"


def look_at_disk(settings: Settings) -> Finding:
    """How much room the data folder has left."""
    folder = _existing(settings.data_dir.resolve())
    total, _, free = shutil.disk_usage(folder)
    said = f"{free / 2**30:,.1f} of {total / 2**30:,.0f} GiB are free for {settings.data_dir.resolve()}."
    remedy = "Make room before PostgreSQL stops for want of it: look at backups and logs first, never into postgres/."
    if free < LEAST_BYTES:
        return mend("disk", said, remedy)
    return look("disk", said, remedy) if free < LEAST_SHARE * total else ok("disk", said)


def _existing(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())


def look_at_model(settings: Settings) -> Finding:
    """Whether the exported model is there and embeds."""
    try:
        found = find_onnx(settings.models_dir, settings.embedding_model)
        if found is None:
            where = settings.models_dir.resolve()
            return mend("model", f"{settings.embedding_model} is not in {where}: searches go by words alone.", EXPORT)
        embedder = OnnxEmbedder(found)
        (vector,) = embedder.embed(["An alumna who repairs church organs."])
    except ModelUnavailable as error:
        return mend("model", str(error), f"Remove what is in {settings.models_dir.resolve()}. {EXPORT}")
    if vector.shape != (DIMENSION,) or not np.isclose(np.linalg.norm(vector), 1.0, atol=1e-3):
        return mend("model", f"{embedder.name} embeds wrongly.", f"Remove {found}. {EXPORT}")
    return ok("model", f"{embedder.name} {embedder.version} loads and embeds.")
