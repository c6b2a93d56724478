import sys

from kinesics.cli import main

sys.exit(main())
