# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingImports=false, reportUnknownParameterType=false
"""Which channels of a model are large: seen on some plain sentences, which are none of any network's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, helper

from recommender.embeddings.quantizing import Floats, uneven

SENTENCES = (
    "Sailing",
    "Chief financial officer",
    "Junior software engineer, payments",
    "Professor of medieval history",
    "Looking for work in Berlin or Vienna from next spring.",
    "How do I ask for a rise?",
    "I teach chemistry at a secondary school and run its theatre club.",
    "The bridge was closed for repairs, so we took the ferry across the river instead.",
    "She founded a company that makes artificial hearts, sold it, and now advises young founders on patents.",
    "Volunteer firefighter since 2011; paramedic; father of three.",
    "Data scientist (Python, R, SQL), formerly in public health: epidemiology, vaccination, air quality.",
    "My garden has tomatoes, beans and far too many snails.",
    "We are hiring two nurses for night shifts at the children's hospital. Housing is provided, German is a must.",
    "Ph.D. in physics, 1998. Thesis on superconducting magnets.",
    "After twelve years in investment banking I retrained as a carpenter. I build kitchens, restore old windows and "
    "take apprentices; on Sundays I play the organ in our village church.",
    "A talk on the law of the sea, followed by drinks on the terrace.",
    "Climate policy, carbon markets, renewable energy, heat pumps",
    "Can anybody recommend a dentist near the station?",
    "Mentoring first-generation students matters to me, because nobody in my family had gone to university and I had "
    "no idea whom to ask. Happy to read applications, practise interviews or simply listen for an hour.",
    "MARKETING MANAGER - CONSUMER GOODS",
    "Runner, reader, amateur astronomer.",
    "Architect of schools and libraries in Lagos, Accra and Nairobi.",
    "The committee met on 14 March 2019 and approved the budget of 2.4 million euros by seven votes to two.",
    "Logistics, customs, warehousing; I speak Portuguese, Polish and some Arabic.",
    "Translating poems from Hungarian is slow work, and it pays badly, but each line that comes right makes a week.",
    "Head of quality assurance at a brewery",
    "Machine learning for protein structures",
    "Tax adviser for farms and small family businesses, with an office in the old town hall. Before that I spent some "
    "years at sea as a navigator on container ships, which taught me patience, and to read the small print twice.",
    "Jazz on Thursday nights!",
    "Interested in human rights, journalism and documentary film.",
    "Sells insurance; would rather be climbing.",
    "Veterinarian, large animals. Horses most of all.",
)


def largest_of_channels(model: ModelProto, examples: Sequence[NDArray[np.int64]]) -> dict[str, Floats]:
    """The largest absolute value of each channel, for the activations of `model` that are uneven, by their names.

    An example is the token ids of one text. Runs the model on all of them.
    """
    names = uneven(model)
    session = _showing(model, names)
    runs = [session.run(names, {"input_ids": ids[None]}) for ids in examples]
    return {
        name: np.abs(np.concatenate(found, axis=1)).max(axis=(0, 1)) for name, *found in zip(names, *runs, strict=True)
    }


def _showing(model: ModelProto, names: Sequence[str]) -> Any:
    """A session of the model that gives activations by name, which it otherwise keeps to itself."""
    shown = ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    return onnxruntime.InferenceSession(shown.SerializeToString(), providers=["CPUExecutionProvider"])
