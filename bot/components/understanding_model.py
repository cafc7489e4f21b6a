"""Intent and service category of a message, learned together and kept in one file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.components.categories import implied_category
from bot.components.label_model import Array, LabelModel
from bot.components.text_features import TextFeatures


@dataclass(frozen=True)
class Guess:
    """A label and how likely it is."""

    name: str
    confidence: float


@dataclass(frozen=True)
class UnderstandingModel:
    """Two label models over the same features."""

    features: TextFeatures
    intents: LabelModel
    categories: LabelModel

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        intents: Sequence[str],
        categories: Sequence[str],
        vectors: dict[str, Array],
    ) -> UnderstandingModel:
        features = TextFeatures.learn(texts, vectors)
        matrix = features.matrix(texts, vectors)
        return cls(
            features, LabelModel.fit(matrix, intents), LabelModel.fit(matrix, categories)
        )

    def guess(self, text: str, vectors: Sequence[Array]) -> tuple[list[Guess], Guess]:
        """All intents, likeliest first, and the category.

        An intent that names its category (`ask_ip`) and the category model
        must not contradict each other, so each intent is weighed with what
        the category model thinks of the category it implies.
        """
        dense = self.features.dense(vectors)[0]
        columns, weights = self.features.characters(text)
        intents = self.intents.probabilities(dense, columns, weights)
        categories = self.categories.probabilities(dense, columns, weights)
        ranking = _ranked(self.intents.labels, self._agreeing(intents, categories))
        return ranking, self._category(ranking[0], categories, intents)

    def _agreeing(self, intents: Array, categories: Array) -> Array:
        return intents

    def _category(self, intent: Guess, categories: Array, intents: Array) -> Guess:
        implied = implied_category(intent.name)
        if implied is not None:
            return Guess(implied, intent.confidence)
        return _ranked(self.categories.labels, categories)[0]

    def save(self, folder: Path) -> None:
        arrays = {f"mean_{name}": mean for name, mean in zip(self.features.encoders, self.features.means)}
        description = {"encoders": self.features.encoders, "vocabulary": list(self.features.vocabulary)}
        for name, model in (("intents", self.intents), ("categories", self.categories)):
            arrays[f"{name}_weights"] = model.weights.astype(np.float32)
            arrays[f"{name}_bias"] = model.bias
            description[name] = {"labels": model.labels, "temperature": model.temperature}
        np.savez(folder / "weights.npz", idf=self.features.idf, **arrays)
        (folder / "labels.json").write_text(json.dumps(description, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> UnderstandingModel:
        description = json.loads((folder / "labels.json").read_text("utf-8"))
        with np.load(folder / "weights.npz") as arrays:
            features = TextFeatures(
                encoders=tuple(description["encoders"]),
                means=tuple(arrays[f"mean_{name}"] for name in description["encoders"]),
                vocabulary={gram: at for at, gram in enumerate(description["vocabulary"])},
                idf=arrays["idf"],
            )
            models = [
                LabelModel(
                    labels=tuple(description[name]["labels"]),
                    weights=arrays[f"{name}_weights"].astype(np.float64),
                    bias=arrays[f"{name}_bias"],
                    temperature=description[name]["temperature"],
                )
                for name in ("intents", "categories")
            ]
        return cls(features, *models)


def _ranked(labels: Sequence[str], probabilities: Array) -> list[Guess]:
    # Equal probabilities fall back on the name, so that runs agree.
    order = sorted(range(len(labels)), key=lambda at: (-probabilities[at], labels[at]))
    return [Guess(labels[at], float(probabilities[at])) for at in order]
