"""What happened when: segments, events, timelines and their files."""

from kinesics.timeline.timeline import Event, Segment, Timeline

__all__ = ["Event", "Segment", "Timeline"]
