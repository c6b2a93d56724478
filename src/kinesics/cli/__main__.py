"""`python -m kinesics.cli`, where the command `kinesics` is not on the path."""

import sys

from kinesics.cli import main

sys.exit(main())
