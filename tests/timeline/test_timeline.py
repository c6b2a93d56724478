import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesics.timeline import Event, Segment, Timeline

times = st.integers(0, 3_600_000).map(lambda ms: ms / 1000)


@st.composite
def segments(draw):
    start = draw(times)
    return Segment(start, start + draw(st.integers(1, 60_000)) / 1000)


@st.composite
def events(draw):
    segment = draw(segments())
    index = draw(st.integers(0, 3))
    score = draw(st.floats(0, 1))
    return Event("abcd"[index], index, segment.start, segment.end, score, draw(st.integers(1, 3)), "test")


timelines = st.lists(events(), max_size=20).map(lambda found: Timeline(tuple(found), 4000.0))


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (0.0, float("nan"))])
def test_a_segment_must_end_after_it_starts(start, end):
    with pytest.raises(ValueError, match="end after it starts"):
        Segment(start, end)
    with pytest.raises(ValueError, match="end after it starts"):
        Event("touching or scratching neck", 11, start, end)


def test_iou_of_known_segments():
    assert Segment(0, 4).iou(Segment(2, 6)) == pytest.approx(2 / 6)
    assert Segment(0, 1).iou(Segment(1, 2)) == 0
    assert Segment(0, 10).overlap(Segment(3, 5)) == 2


@given(segments(), segments())
def test_iou_is_a_similarity(a, b):
    assert a.iou(b) == pytest.approx(b.iou(a))
    assert 0 <= a.iou(b) <= 1
    assert a.iou(a) == pytest.approx(1)
    assert a.overlap(b) <= min(a.duration, b.duration) + 1e-9


@given(timelines)
def test_events_stand_in_order_of_time(timeline):
    starts = [event.start for event in timeline]
    assert starts == sorted(starts)


@given(timelines)
def test_labels_and_people_part_a_timeline(timeline):
    by_label = [event for label in timeline.counts() for event in timeline.only(label)]
    by_person = [event for person in {1, 2, 3} for event in timeline.only(person=person)]
    assert Timeline(tuple(by_label), 4000.0).counts() == timeline.counts()
    assert len(by_label) == len(by_person) == len(timeline)
    assert sum(timeline.counts().values()) == len(timeline)


@given(timelines, segments())
def test_between_keeps_what_overlaps(timeline, window):
    inside = timeline.between(window.start, window.end)
    for event in timeline:
        assert (event in inside.events) == (event.start < window.end and event.end > window.start)


@given(timelines, st.lists(events(), max_size=5))
def test_joining_adds(timeline, others):
    joined = timeline.joined(others)
    assert len(joined) == len(timeline) + len(others)
    assert joined.duration == timeline.duration


@given(timelines)
def test_rates_are_counts_a_minute(timeline):
    for label, rate in timeline.rates().items():
        assert rate * timeline.duration / 60 == pytest.approx(timeline.counts()[label])
    assert list(timeline.rates()) == list(timeline.counts())
    assert Timeline(timeline.events).rates() == {}


@settings(deadline=None)  # the first call imports pandas
@given(timelines)
def test_a_dataframe_holds_all(timeline):
    assert Timeline.from_dataframe(timeline.to_dataframe(), timeline.duration) == timeline
