"""The networks that name facial expressions, each with the crop that it wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from kinesics.preprocessing.face_crop import ARCFACE, FER2013, FaceCrop
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image
from kinesics.weights.exported import OPENVINO, read_export_of, read_exported
from kinesics.weights.ledger import entry
from kinesics.weights.specification import EXPRESSION

if TYPE_CHECKING:  # they need torch
    from kinesics.models.face.swinface import SwinFace, SwinFaceOutput

SWINFACE_CLASSES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")  # its head's order


@dataclass(frozen=True, eq=False)
class FaceExpressionModel:
    """A network that names facial expressions, and the crop that it wants.

    Attributes
    ----------
    classify : from faces (N, size, size, 3) uint8 RGB, cut out as `crop` says, to logits (N, C) in the order of
        `classes`, and features (N, W), or None where it gives none.
    classes : names of the C expressions.
    crop : where the eyes, the nose and the corners of the mouth are to lie, and the size.
    facts : name, licence, training data, limits and sha256 of the weights.
    """

    classify: Callable[[Image], tuple[FloatArray, FloatArray | None]]
    classes: tuple[str, ...]
    crop: FaceCrop
    facts: Mapping[str, Any]


def face_model() -> FaceExpressionModel:
    """SwinFace where its weights are (`kinesics weights get swinface`), else the small network that is shipped."""
    published = entry("swinface")
    if not published.here:
        return fer_model()
    exported = read_export_of(published.path)
    if exported is not None:
        facts = asdict(exported.specification) | {"sha256": exported.sha256}
        return FaceExpressionModel(
            lambda faces: (exported(faces=faces)["expression"], None), SWINFACE_CLASSES, ARCFACE, facts
        )
    from kinesics.weights.load import load_network

    network, specification, sha256 = load_network(published.path)
    return swinface_model(cast("SwinFace", network), asdict(specification) | {"sha256": sha256})


def fer_model() -> FaceExpressionModel:
    """The small network that is shipped, as its export."""
    network = read_exported(EXPRESSION.with_suffix(OPENVINO), "f32")

    def classify(faces: Image) -> tuple[FloatArray, FloatArray]:
        out = network(faces=faces)
        return out["logits"], out["features"]

    facts = asdict(network.specification) | {"sha256": network.sha256}
    return FaceExpressionModel(classify, network.specification.classes, FER2013, facts)


def swinface_model(network: SwinFace, facts: Mapping[str, Any]) -> FaceExpressionModel:
    """SwinFace's expression head in torch; `facts` are those of its weights."""
    import torch

    from kinesics.models.face.encoder import scaled_rgb

    @torch.no_grad()
    def classify(faces: Image) -> tuple[FloatArray, None]:
        output: SwinFaceOutput = network(scaled_rgb(faces), wanted=("Expression",))
        return output.expression.numpy(), None

    return FaceExpressionModel(classify, SWINFACE_CLASSES, ARCFACE, facts)
