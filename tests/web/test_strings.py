"""The catalogue: every text that a page, a script or a refusal names is there, and nothing else."""

import json
import re
from importlib.resources import files
from string import Formatter

import pytest

from kinesics.web.strings import RefusedError, catalogue, choose_language, languages

WEB = files("kinesics.web")
ENDINGS = (".js", ".j2", ".py")


def sources():
    places = [WEB, WEB / "api", WEB / "assets"]
    return {
        one.name: one.read_text("utf-8") for place in places for one in place.iterdir() if one.name.endswith(ENDINGS)
    }


def named():
    """Keys that stand in a source as they are, and beginnings of those that are put together."""
    whole, begun = set(), set()
    for text in sources().values():
        whole |= set(re.findall(r'"((?:[a-z_]+\.)+[A-Za-z0-9_]+)"', text))
        whole |= set(re.findall(r'\bt\(\s*"([a-z_]+)"', text)) | set(re.findall(r't\["([a-z_]+)"\]', text))
        begun |= set(re.findall(r"`([a-z_.]+[._])\$\{", text)) | set(re.findall(r'"([a-z.]+\.)" ~', text))
    return whole, begun


def test_every_text_is_used():
    whole, begun = named()
    unused = [key for key in catalogue("en") if key not in whole and not key.startswith(tuple(begun))]
    # chosen by a state or by the first letters of another key
    unused = [key for key in unused if not key.startswith(("review.undone", "review.redone", "privacy.delete_"))]
    unused = [key for key in unused if not key.endswith("_lead")]
    assert unused == []


def test_every_text_that_is_named_is_there():
    whole, _ = named()
    groups = {key.partition(".")[0] for key in catalogue("en")}
    missing = {key for key in whole if key.partition(".")[0] in groups and key not in catalogue("en")}
    missing = {key for key in missing if not key.endswith((".js", ".css", ".html", ".py", ".json", ".boris"))}
    assert missing == set()


def test_every_language_has_the_same_places():
    places = {key: {name for _, name, _, _ in Formatter().parse(text) if name} for key, text in catalogue("en").items()}
    for language in languages():
        own = json.loads((WEB / "strings" / f"{language}.json").read_text("utf-8"))
        assert set(own) <= set(places)
        for key, text in own.items():
            assert {name for _, name, _, _ in Formatter().parse(text) if name} == places[key], (language, key)


@pytest.mark.parametrize("accepted", ["", "de-DE,de;q=0.9", "en-GB", "x" * 5000, "*", ",;,"])
def test_a_language_without_a_catalogue_is_english(accepted):
    assert choose_language(accepted) == "en"


def test_a_refusal_is_told_in_words():
    assert RefusedError(409, "refused.exists", name="a.mp4").text("en").startswith("a.mp4 is in the folder already")
