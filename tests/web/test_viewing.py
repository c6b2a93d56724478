"""Which file the page plays: never the video itself where faces are to be hidden."""

import shutil
from dataclasses import replace

import pytest
from support.recordings import landmarks_only, real_clip, talking

from kinesics.inference.hide_faces import FaceHider
from kinesics.video import probe, read_frames
from kinesics.web.project import Project
from kinesics.web.settings import ProjectSettings
from kinesics.web.viewing import VIEW, needs_copy, shown_video, write_view


@pytest.fixture
def project(tmp_path):
    shutil.copy(real_clip(), tmp_path / "talk.mp4")
    return Project(tmp_path.resolve())


def test_hidden_faces_are_never_played_from_the_video_itself(project):
    plain, mosaic, bare = (ProjectSettings(blur=blur) for blur in ("", "mosaic", "skeleton"))
    assert shown_video(project, "talk.mp4", plain) == project.folder / "talk.mp4"
    assert shown_video(project, "talk.mp4", mosaic) is None
    copy = project.results_of("talk.mp4") / VIEW
    copy.parent.mkdir()
    copy.touch()
    assert shown_video(project, "talk.mp4", mosaic) == copy
    assert shown_video(project, "talk.mp4", bare) is None


def test_a_copy_is_made_of_hidden_faces_and_of_what_no_browser_plays(tmp_path):
    analysis = talking()
    hidden = replace(analysis, hider=FaceHider(analysis.people, "fill", None))
    assert not needs_copy(analysis)
    assert needs_copy(hidden)
    assert not needs_copy(replace(hidden, skeleton_only=True))
    assert not needs_copy(landmarks_only())
    avi = replace(analysis, recording=replace(analysis.recording, path=tmp_path / "a.avi"))
    assert needs_copy(avi)
    write_view(hidden, tmp_path / VIEW, lambda share: None)
    own, copy = (next(iter(read_frames(path))).image for path in (real_clip(), tmp_path / VIEW))
    assert probe(tmp_path / VIEW).duration == pytest.approx(probe(real_clip()).duration, abs=0.2)
    height, width = own.shape[:2]
    face = slice(int(0.3 * height), int(0.45 * height)), slice(int(0.45 * width), int(0.55 * width))
    assert copy[face].std() < 0.5 * own[face].std()
