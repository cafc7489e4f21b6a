"""A logistic regression with calibrated probabilities, kept as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.components.text_features import Array, FeatureRows
from knowledge.categories import OUT_OF_SCOPE

# Unit vectors need a weak penalty: from 10 to 60 the accuracy is the same, at
# the usual 1 it is several points lower.
_PENALTY = 1 / 30
# After 60 steps the held-out answers no longer change, only the weights' last digits.
_MOST_STEPS = 60
# Of the examples one in so many is held out to find the temperature.
_FOLDS = 4
# A quarter of real messages are none of our business, more than of any one category, and their
# kinds are endless: doubt goes to them. At 4.0 no more of them are refused than at 2.0.
_WEIGHT_OF_LABEL = {OUT_OF_SCOPE: 2.0}
# And what is as likely as that goes there, too: 2 in 100 of them more are refused, and half a
# question in 100 that is in scope. From 0.8 on in-scope questions pay as much as is gained.
_HEAD_START = {OUT_OF_SCOPE: 0.5}
_TEMPERATURES = np.geomspace(0.3, 5.0, 60)


@dataclass(frozen=True)
class LabelModel:
    """Probabilities of labels for one message.

    `weights` has a row for each feature and a last one for the labels' own
    offsets. `temperature` divides the scores so that a confidence of 0.8 is
    right about eight times in ten on examples held out of the training.
    """

    labels: tuple[str, ...]
    weights: Array
    temperature: float

    def probabilities(self, dense: Array, columns: NDArray[np.intp], values: Array) -> Array:
        """One probability a label, for the features that `TextFeatures` gives."""
        width = len(dense)
        scores = dense @ self.weights[:width] + self.weights[-1]
        scores = scores + values @ self.weights[width + columns]
        return softmax(scores / self.temperature)

    @classmethod
    def fit(cls, rows: FeatureRows, labels: Sequence[str]) -> LabelModel:
        """Learn from labelled rows; the same rows always give the same model.

        Raises:
            ValueError: There are fewer than two labels to tell apart.
        """
        names, targets = np.unique(np.asarray(labels), return_inverse=True)
        if len(names) < 2:
            raise ValueError("a classifier needs examples of at least two labels")
        told = np.zeros((len(targets), len(names)), dtype=np.float32)
        told[np.arange(len(targets)), targets] = 1.0
        importance = np.array([_WEIGHT_OF_LABEL.get(str(name), 1.0) for name in names])
        # Halfway between counting each example alike and each label alike: how many examples an
        # intent has says little about how often customers mean it.
        weights = (importance / np.sqrt(told.sum(axis=0)))[targets]
        weights = (weights / weights.mean()).astype(np.float32)
        light = rows.light()
        fitted = _fit(light, told, weights)
        fitted[-1] += [_HEAD_START.get(str(name), 0.0) for name in names]
        return cls(
            labels=tuple(str(name) for name in names),
            weights=fitted,
            temperature=_temperature(light, told, weights),
        )


def softmax(scores: Array) -> Array:
    """Probabilities that grow with the scores and sum to one along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _fit(rows: FeatureRows, told: Array, example_weights: Array) -> Array:
    """Multinomial logistic regression.

    Not scikit-learn's: it takes one matrix, dense or sparse, and our rows are
    half of each. Keeping the halves apart makes the same fit five times faster.
    """
    from scipy.optimize import minimize

    count, labels = told.shape
    weight = example_weights[:, None]

    def loss_and_slope(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(rows.width + 1, labels).astype(np.float32)
        likely = softmax(rows.times(weights[:-1]) + weights[-1])
        surprise = -np.log(np.maximum(likely[told > 0], 1e-30))
        penalised = weights[:-1] * np.float32(_PENALTY)
        loss = (example_weights * surprise).sum() + (weights[:-1] * penalised).sum() / 2
        error = (likely - told) * weight
        slope = np.vstack([rows.transposed_times(error) + penalised, error.sum(axis=0)])
        return float(loss) / count, slope.ravel().astype(np.float64) / count

    found = minimize(
        loss_and_slope,
        np.zeros((rows.width + 1) * labels),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MOST_STEPS},
    )
    return np.asarray(found.x.reshape(rows.width + 1, labels))


def _temperature(rows: FeatureRows, told: Array, example_weights: Array) -> float:
    """The temperature under which held-out examples are least surprising."""
    from sklearn.model_selection import StratifiedKFold

    folds = min(_FOLDS, int(told.sum(axis=0).min()))
    if folds < 2:
        return 1.0
    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    train, held_out = next(splitter.split(told, told.argmax(axis=1)))
    weights = _fit(rows.of(train), told[train], example_weights[train])
    scores = rows.of(held_out).times(weights[:-1]) + weights[-1]
    right = told[held_out] > 0
    surprise = [
        -np.log(np.maximum(softmax(scores / temperature)[right], 1e-12)).mean()
        for temperature in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(surprise))])
