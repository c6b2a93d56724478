"""A training in a process of its own, which the process unpickles from here."""

import os
import signal

from kinesics.training.gesture.task import GestureTask
from kinesics.training.run import run


def train_or_die(config, out, data, die_at=None, more=()):
    """Train four epochs of six steps, or be killed in the middle of step `die_at`."""
    if die_at is not None:
        step = GestureTask.training_step

        def fatal_step(self, batch, index):
            if self.global_step == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(self, batch, index)

        GestureTask.training_step = fatal_step
    averaged = "--trainer.callbacks=kinesics.training.ema.EMA"
    run(config, out, [f"--data.root={data}", averaged, "--trainer.callbacks.decay=0.9", *more])
