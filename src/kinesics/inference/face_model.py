"""The networks that name facial expressions, each with the crop that it wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor

from kinesics.models.face import mini_xception
from kinesics.models.face.encoder import scaled_rgb
from kinesics.models.face.mini_xception import MiniXception
from kinesics.preprocessing.face_crop import ARCFACE, FaceCrop
from kinesics.video import Image
from kinesics.weights.ledger import entry
from kinesics.weights.load import load_network
from kinesics.weights.specification import EXPRESSION

if TYPE_CHECKING:  # it brings all of torchvision with it, for seconds and 170 MB
    from kinesics.models.face.swinface import SwinFace, SwinFaceOutput

SWINFACE_CLASSES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")  # its head's order


@dataclass(frozen=True, eq=False)
class FaceExpressionModel:
    """A network that names facial expressions, and the crop that it wants.

    Attributes
    ----------
    classify : from faces (N, size, size, 3) uint8 RGB, aligned as `crop` says, to logits (N, C) in the order of
        `classes`, and features (N, W), or None where it gives none.
    classes : names of the C expressions.
    crop : where the eyes, the nose and the corners of the mouth are to lie, and pixels of the square.
    facts : name, licence, training data, limits and sha256 of the weights.
    """

    classify: Callable[[Image], tuple[Tensor, Tensor | None]]
    classes: tuple[str, ...]
    crop: FaceCrop
    facts: Mapping[str, Any]


def face_model() -> FaceExpressionModel:
    """SwinFace where its weights are (`kinesics weights get swinface`), else the small network that is shipped."""
    published = entry("swinface")
    if not published.here:
        return fer_model()
    network, specification, sha256 = load_network(published.path)
    return swinface_model(cast("SwinFace", network), asdict(specification) | {"sha256": sha256})


def fer_model() -> FaceExpressionModel:
    """The small network that is shipped."""
    loaded, specification, sha256 = load_network(EXPRESSION)
    network = cast(MiniXception, loaded)

    def classify(faces: Image) -> tuple[Tensor, Tensor]:
        features = network.forward_features(mini_xception.grey(faces))
        return network.classify(features), features.mean((2, 3))

    facts = asdict(specification) | {"sha256": sha256}
    return FaceExpressionModel(classify, specification.classes, mini_xception.CROP, facts)


def swinface_model(network: SwinFace, facts: Mapping[str, Any]) -> FaceExpressionModel:
    """SwinFace's expression head; `facts` are those of its weights."""

    def classify(faces: Image) -> tuple[Tensor, None]:
        output: SwinFaceOutput = network(scaled_rgb(faces), wanted=("Expression",))
        return output.expression, None

    return FaceExpressionModel(classify, SWINFACE_CLASSES, ARCFACE, facts)
