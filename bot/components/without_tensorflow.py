"""Keeps TensorFlow out of the process: 3 to 30 s of start-up and 400 MB.

Rasa imports each of its own components before it reads which ones the
configuration names, and six of them (DIET, TED and their relatives) import
TensorFlow. We use none of them. `leave_out_tensorflow` puts an empty stand-in
in the place of these modules and of the two training helpers behind them, so
everything else of Rasa is imported and works as it is.

It must run before anything of Rasa is imported, so only our own starters,
`bot.components.serve` and `bot.components.train`, call it. A configuration
that names one of the components left out is refused by Rasa with "Can't load
class". With the stock `rasa` command all of this is as it always was.
"""

from __future__ import annotations

import sys
from types import ModuleType

# Module -> the classes that the rest of Rasa imports from it by name.
_STAND_INS = {
    "rasa.core.policies.ted_policy": ("TEDPolicy",),
    "rasa.core.policies.unexpected_intent_policy": ("UnexpecTEDIntentPolicy",),
    "rasa.nlu.classifiers.diet_classifier": ("DIETClassifier",),
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": ("ConveRTFeaturizer",),
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": ("LanguageModelFeaturizer",),
    "rasa.nlu.selectors.response_selector": ("ResponseSelector",),
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
}


def leave_out_tensorflow() -> None:
    """Register the stand-ins.

    Raises:
        RuntimeError: Rasa's components have already been imported.
    """
    too_early = [name for name in _STAND_INS if name in sys.modules]
    if too_early:
        raise RuntimeError(f"already imported: {', '.join(too_early)}")
    for name, classes in _STAND_INS.items():
        module = ModuleType(name, f"Stand-in, see {__name__}.")
        for class_name in classes:
            setattr(module, class_name, type(class_name, (), {"__module__": name}))
        sys.modules[name] = module
