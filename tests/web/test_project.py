"""Which files belong to a project, and where results go."""

import pytest

from kinesics.errors import KinesicsError
from kinesics.web.project import Project


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder.resolve())


def test_recordings_are_found_at_any_depth_and_results_are_not(project):
    for name in ("a.mp4", "deep/er/b.MOV", "a_kinesics/overlay.mp4", ".hidden.mp4", "notes.txt", "p.skeleton.npz"):
        (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / name).touch()
    assert project.recordings() == ["a.mp4", "deep/er/b.MOV", "p.skeleton.npz"]


@pytest.mark.parametrize("name", ["../secret.mp4", "/etc/passwd", "deep/../../secret.mp4", "a\0.mp4"])
def test_no_name_leads_out_of_the_folder(project, name):
    with pytest.raises(KinesicsError, match="leads out of it"):
        project.path_of(name)


def test_a_link_that_leads_out_is_no_recording(project, tmp_path):
    (tmp_path / "secret.mp4").touch()
    (project.folder / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    assert project.recordings() == []
    with pytest.raises(KinesicsError, match="leads out of it"):
        project.path_of("link.mp4")


HOSTILE = ["../a.mp4", "a/b.mp4", "a\\b.mp4", "..\\..\\a.mp4", ".a.mp4", "~$a.mp4", "con.mp4", "NUL", "a\nb.mp4",
           "a\x1b[2J.mp4", "", ".", "..", "x" * 300 + ".mp4", "a.exe", "a.html", 'a".mp4', "<b>.mp4", "a:b.mp4",
           "\u202eemp4.mp4", "\ud800.mp4", "kinesics.sqlite"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_of_a_hostile_name_is_refused_in_one_line(project, name):
    with pytest.raises(KinesicsError) as refused:
        project.new_file(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["a.mp4", "Gespräch Nr. 5 (2).MOV", "日本語.mkv", "a & b; c.mp4"])
def test_plain_names_are_taken(project, name):
    assert project.new_file(name) == project.folder / name


def test_recordings_of_one_stem_have_results_of_their_own(project):
    for name in ("a.mp4", "a.mov", "b[1].mp4"):
        (project.folder / name).touch()
    assert project.results_of("a.mp4").name == "a.mp4_kinesics"
    assert project.results_of("a.mov").name == "a.mov_kinesics"
    assert project.results_of("b[1].mp4").name == "b[1]_kinesics"
