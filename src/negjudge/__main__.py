"""``python -m negjudge``: the command of the same name."""

import sys

from negjudge.cli.main import main

sys.exit(main())
