import pytest
from support.reviewed import OWN, analysed, reviewed

from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats.own_files import write_elan_tier
from kinesics.training.adapt.reviewed import read_people, read_reviewed


def test_a_file_of_the_observer_beside_the_results(tmp_path):
    ones = [reviewed(n, seconds=20.0) for n in range(2)]
    for one in ones:
        analysed(tmp_path, one)
    analysed(tmp_path, reviewed(7, seconds=20.0), coded=False)
    found, notes = read_reviewed(tmp_path, people={"talk 1": "somebody"})
    assert [(one.name, one.subject) for one in found] == [("talk 0", "talk 0"), ("talk 1", "somebody")]
    assert [len(one.events) for one in found] == [2, 2]
    assert found[0].events[0][0] == OWN
    assert len(notes) == 1
    assert "talk 7_kinesics: not reviewed" in notes[0]


def test_a_timeline_that_was_corrected(tmp_path):
    folder = analysed(tmp_path, reviewed(0, seconds=20.0), coded=False)
    with pytest.raises(KinesicsError, match=r"expected analyses that were reviewed, found none"):
        read_reviewed(tmp_path)
    more = Timeline((Event("my code", -1, 5.0, 6.0), Event("lips pressed", -1, 1.0, 2.0)))
    write_elan_tier(folder / "timeline.eaf", folder / "timeline.eaf", "P1 more", more, participant="Person 1")
    (one,), _ = read_reviewed(tmp_path, mapping={"my code": "head up"})
    assert [label for label, _, _ in one.events] == ["touching ears", "head up"], "what rules find is left to them"


def test_codings_of_their_own_are_matched_by_name(tmp_path):
    analysed(tmp_path, reviewed(0, seconds=20.0), coded=False)
    labels = tmp_path / "all.csv"
    labels.write_text(
        "video,label,start,end,person\nTalk 0.mp4,neck,1,2,1\nTalk 0.mp4,neck,3,4,\nother.mp4,neck,1,2,1\n"
    )
    (one,), _ = read_reviewed(tmp_path, labels=[labels])
    assert one.events == (("neck", 1.0, 2.0), ("neck", 3.0, 4.0))


def test_folders_without_analyses(tmp_path):
    with pytest.raises(KinesicsError, match=r"expected a folder of analyses"):
        read_reviewed(tmp_path)


def test_who_is_in_which_recording(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("recording;person\nTalk 0.mp4;Anna\ntalk 1;Anna\n")
    assert read_people(path) == {"talk 0": "Anna", "talk 1": "Anna"}
