from kinesics.cli import main
from kinesics.simulator.rendering.render import NoGraphicsError
from kinesics.training.shipped import recipe as shipped_recipe


def test_without_opengl_training_says_what_to_do(tmp_path, monkeypatch, capsys):
    def simulate(_, recipe):
        if recipe.tracked:
            raise NoGraphicsError("no display")

    monkeypatch.setattr(shipped_recipe, "simulate_dataset", simulate)
    assert main(["train", "--out", str(tmp_path / "run")]) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert "train-tracked: expected OpenGL to render with, found none (no display)" in message
    assert "--tracked 0" in message
