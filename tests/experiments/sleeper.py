"""What test_ddp has to stop: notes its process in the folder named, then sleeps."""

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(600)
