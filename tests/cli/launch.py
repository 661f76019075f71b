"""The program with another server: python launch.py SCRIPT.json COMMAND ..."""

import sys
from pathlib import Path

from signoff.cli import spawn
from signoff.cli.main import main

spawn.SERVER[:] = [sys.executable, str(Path(__file__).with_name("fake_server.py")), sys.argv[1]]
sys.exit(main(sys.argv[2:]))
