import json

import pytest

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.timeline.code_mapping import apply_mapping, read_mapping
from kinesics.timeline.coding import Annotation

CODED = [Annotation(label, n, n + 1) for n, label in enumerate(("N", "talk", "Folding  Arms", "shrug", "own thing"))]
MAPPED = ["touching or scratching neck", "folding arms", "shaking shoulders", "own thing"]


def test_codes_become_classes(tmp_path):
    table, text = tmp_path / "map.csv", tmp_path / "map.json"
    table.write_text("code;class\n n ;touching or scratching neck\ntalk;\n")
    text.write_text(json.dumps({"n": "Touching or scratching NECK", "Talk": None}))
    for path in (table, text):
        assert [one.label for one in apply_mapping(CODED, read_mapping(path), CLASSES)] == MAPPED
    assert [one.label for one in apply_mapping(CODED, {})] == [one.label for one in CODED]


def test_mistakes_are_named(tmp_path):
    path = tmp_path / "map.csv"
    path.write_text("code,class\nn,head up\nN,folding arms\n")
    with pytest.raises(KinesicsError, match=r"map\.csv: expected one class a code, found two for 'N'"):
        read_mapping(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(KinesicsError, match=r"map\.csv: expected a CSV with the columns code,class"):
        read_mapping(path)
    other = tmp_path / "map.json"
    other.write_text('{"a": 3}')
    with pytest.raises(KinesicsError, match=r"map\.json: expected a CSV .* or a JSON object"):
        read_mapping(other)
    with pytest.raises(KinesicsError, match="no such file"):
        read_mapping(tmp_path / "none.json")
