"""`kinesics simulate`: simulated people."""

from __future__ import annotations

import argparse
from pathlib import Path

from kinesics.cli.common import Verb, describe_engine, engine_name, make_folder, say
from kinesics.errors import KinesicsError
from kinesics.files import alone_in
from kinesics.progress import progress_bar


def _describe_simulate(verb: argparse.ArgumentParser) -> None:
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--class", dest="label", metavar="NAME", help='one micro-gesture by name, such as "touching or scratching neck"'
    )
    what.add_argument(
        "--interview", type=float, metavar="SECONDS", help="an interview with many, and its true timeline"
    )
    what.add_argument("--videos", type=int, metavar="N", help="a data set of interviews, in the layout of iMiGUE")
    what.add_argument(
        "--streams",
        type=int,
        metavar="N",
        help="N interviews as streams of tokens for emotion heads, without images",
    )
    what.add_argument("--list", action="store_true", help="print the 32 classes")
    verb.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="what to write: .gif or .mp4 by its name; a folder for --videos; .npz for --streams",
    )
    _describe_set(verb)


def _describe_set(verb: argparse.ArgumentParser) -> None:
    """Add the options of data sets."""
    verb.add_argument(
        "--seconds", type=float, default=12.0, help="the length of each of --videos or --streams (default 12)"
    )
    verb.add_argument(
        "--size", type=_size, default=(480, 270), metavar="WIDTHxHEIGHT", help="of --videos (default 480x270)"
    )
    verb.add_argument(
        "--prior",
        choices=("uniform", "imigue"),
        default="uniform",
        help="how often each class occurs in --videos: all alike (default), or with iMiGUE's long tail",
    )
    verb.add_argument(
        "--view",
        type=lambda text: "tracked" if text == "seen" else text,  # its older name
        choices=("kinematic", "tracked"),
        default="kinematic",
        help="skeletons of --videos: simulated detections (default), or tracked by the landmark engine in the video",
    )
    verb.add_argument(
        "--camera-fps",
        type=float,
        default=25.0,
        metavar="N",
        help="frames a second that the camera of --videos takes, each held until the next: 25 (default), 12.5, 5 …",
    )
    verb.add_argument(
        "--link",
        choices=("assumed", "null"),
        default="assumed",
        help="how an emotion shows in --videos: as assumed (default), or not at all, for tests of false findings",
    )
    describe_engine(verb)
    verb.add_argument("--workers", type=int, default=2, help="processes that make --videos (default 2)")
    verb.add_argument("--seed", type=int, default=1, help="another seed is another person (default 1)")


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT such as 480x270, found {text!r}") from None
    return width, height


def _simulate(options: argparse.Namespace) -> None:
    if options.list:
        from kinesics.data.sets.imigue.classes import CLASSES

        say("\n".join(f"{index:2}  {label}" for index, label in enumerate(CLASSES)))
        return
    if options.out is None:
        raise KinesicsError("simulate: name the file to write, such as --out clip.gif")
    if options.streams is not None:
        _simulate_streams(options)
        return
    if options.videos is not None:
        from kinesics.simulator.imigue_videos import InterviewRecipe, simulate_videos

        recipe = InterviewRecipe(
            options.videos,
            options.seed,
            options.seconds,
            options.size,
            options.prior,
            options.view,
            options.camera_fps,
            engine_name(options),
            options.link,
        )
        make_folder(options.out)
        with alone_in(options.out), progress_bar("Simulating") as progress:
            simulate_videos(options.out, recipe, workers=options.workers, progress=progress)
        say(options.out)
        return
    if options.label is not None:
        from kinesics.data.sets.imigue.classes import match_class

        match_class(options.label)
    from kinesics.simulator.examples import simulate_class, simulate_interview

    with progress_bar("Simulating") as progress:
        if options.label is not None:
            simulate_class(options.label, options.out, options.seed, progress=progress)
        else:
            simulate_interview(options.out, options.interview, options.seed, progress=progress)
    say(options.out)


def _simulate_streams(options: argparse.Namespace) -> None:
    from kinesics.simulator.imigue_videos import InterviewRecipe
    from kinesics.simulator.interview_streams import simulate_streams

    recipe = InterviewRecipe(options.streams, options.seed, options.seconds, prior=options.prior, link=options.link)
    with progress_bar("Simulating") as progress:
        simulate_streams(options.out, recipe, workers=options.workers, progress=progress)
    say(options.out)


SIMULATE = Verb(
    "show a micro-gesture, an interview or a data set of them, by simulated people",
    'examples:\n  kinesics simulate --class "touching or scratching neck" --out clip.gif\n'
    "  kinesics simulate --interview 60 --out interview.mp4 --seed 7\n"
    "  kinesics simulate --videos 24 --out people --seed 1\n"
    "  kinesics simulate --streams 160 --seconds 60 --prior imigue --out people.npz\n  kinesics simulate --list",
    _simulate,
    _describe_simulate,
)
