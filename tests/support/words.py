"""The words that the house does not use, each with the field's own in its place."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache

from support import paths

EVERYWHERE = ("src/*", "tests/*", "scripts/*", "benchmarks/*.py", "docs/*", "README.md", "CONTRIBUTING.md")
CODE = ("src/*", "scripts/*")
PACKAGE = ("src/*",)
QUOTED = "films that the landmark engine watched"  # by the model card, out of the shipped weights
OURSELVES = "tests/support/words.py"


@dataclass(frozen=True)
class Word:
    """A pattern of whole words, what to write instead, and the files in which it has the sense that is meant."""

    pattern: str
    instead: str
    where: tuple[str, ...] = PACKAGE

    @property
    def pattern_of_words(self) -> str:
        """The pattern, not within a longer word; its groups do not count."""
        return rf"(?<![\w-])(?:{self.pattern})(?![\w-])"


# identifiers: names in code
NAMES = (
    Word("listen|Heard", "score_recordings, ScoredRecording"),
    Word("told", "progress, metadata, facts, formatted"),
    Word("said", "predicted; overrides"),
    Word("watched|watch", "tracked"),
    Word("seen", "tracked", ("src/kinesics/simulator/*", "src/kinesics/training/shipped/*")),
    Word("_LIFE|LIFE|life", "background"),
    Word("ways|joined|plane", "bone vectors, forward kinematics, image plane", ("src/*/lifter*", "src/*/lifter/*")),
    Word("rulers", "reference lengths"),
    Word("one_clock|one_place|Talk", "resample_time, sample_at_joints, CrossModalBlocks"),
    Word("company", "others_in_view"),
    Word("ahead", "prefetch"),
    Word("note|fill|places|starts", "fingerprint, build, indices_of, offsets", ("src/kinesics/data/cache/*",)),
    Word("beside", "temporary"),
    Word("kept", "cached", ("src/kinesics/data/cache/*", "src/kinesics/training/inputs/*")),
    Word("films?|filmed", "render, rendered video", CODE),
    Word("pictures?", "frame, image"),
    Word("hung|bare", "anchored, sparse, unoccluded", ("src/*face*",)),
    Word("sure|right", "confidence, correct", ("src/kinesics/metrics/*", "src/kinesics/evaluation/*")),
    Word("affordable|every_epoch|quiet", "supported_precision, checkpoint_callback, silence_logs"),
    Word("Share|Facts|Answer|Mistake|Look|View", "RankSampler, DataSpec, Prediction, Error; a name of one meaning"),
    Word("keep|gap|shortest", "offset, min_gap, min_duration", ("src/kinesics/inference/events.py",)),
)

# phrases: in comments, docstrings, help, messages and documents
PHRASES = (
    Word(r"of chance\b(?! level)", "random"),
    Word("ordinary life", "background", EVERYWHERE),
    Word("gone on from|goes on where", "initialised from, resumes", EVERYWHERE),
    Word("films?|filmed|filming", "video, rendered video, render", EVERYWHERE),
    Word('watched(?![/"])|watches', "tracked", EVERYWHERE),  # `watched/top1` and "watched" are keys in older files
    Word("seen way|way of looking|ways? to look at", "tracked, simulated detections", EVERYWHERE),
    Word('pictures?(?!")', "frame, image"),  # "pictures" is an option of older configs
    Word("surest|how sure|less sure|unsure", "most confident, confidence", EVERYWHERE),
    Word("reading of (?:an|the) emotion|readings? of emotions?", "prediction", EVERYWHERE),
    Word("rulers?", "reference lengths"),
    Word("for a stretch or for good", "for part of the clip or all of it", EVERYWHERE),
    Word("knows simulated people alone", "was trained on simulated people only", EVERYWHERE),
)


def uses() -> list[str]:
    """Every use of a left-hand word: `FILE:LINE 'word': what to write instead`."""
    return [use for file in _files() for use in (*_found(file, NAMES, _identifiers), *_found(file, PHRASES, _prose))]


@cache
def _files() -> list[str]:
    tops = [paths.ROOT / name for name in ("src", "tests", "scripts", "benchmarks", "docs")]
    found = [path for top in tops for path in top.rglob("*") if path.suffix in (".py", ".md", ".yaml", ".html")]
    found += [paths.ROOT / "README.md", paths.ROOT / "CONTRIBUTING.md"]
    named = (path.relative_to(paths.ROOT).as_posix() for path in found)
    return sorted(name for name in named if name != OURSELVES)


def _found(file: str, words: tuple[Word, ...], parts: Callable[[str], Iterable[tuple[int, str]]]) -> Iterator[str]:
    meant = [word for word in words if any(fnmatch(file, place) for place in word.where)]
    any_word = re.compile("|".join(f"({word.pattern_of_words})" for word in meant))
    for line, text in parts(file) if meant else ():
        for match in any_word.finditer(text.replace(QUOTED, "")):
            yield f"{file}:{line} {match[0]!r}: {meant[(match.lastindex or 1) - 1].instead}"


def _identifiers(file: str) -> Iterator[tuple[int, str]]:
    """Each name in a Python file, its words apart: `_frame_of` as itself, and nothing of strings and comments."""
    if not file.endswith(".py"):
        return
    for token in _tokens(file):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def _prose(file: str) -> Iterator[tuple[int, str]]:
    """Comments and strings of a Python file; every line of another."""
    if not file.endswith(".py"):
        yield from enumerate((paths.ROOT / file).read_text("utf-8").splitlines(), 1)
        return
    for token in _tokens(file):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            yield from enumerate(token.string.splitlines(), token.start[0])


@cache
def _tokens(file: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO((paths.ROOT / file).read_text("utf-8")).readline))
