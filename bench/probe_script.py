#!/usr/bin/python3
"""A probe as a Python script, to compare with: reads environment and stdin, appends one line to a log under a lock that
all probes share, and prints an empty result. It imports what the original scripts import, except for modules that are not
part of Python."""
import fcntl
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))

command = os.environ.get("CNI_COMMAND")
container = os.environ.get("CNI_CONTAINERID")
if command is None or container is None:
    sys.exit(1)
config = json.load(sys.stdin)
with open(os.path.join(FOLDER, "cni.lock"), "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if command == "ADD":
        with open(os.path.join(FOLDER, "cni.log"), "a") as log:
            log.write("CNI_COMMAND=%s,CNI_CONTAINERID=%s,input=%s\n" % (command, container, json.dumps(config)))
        print(json.dumps({"cniVersion": config["cniVersion"]}))
    else:
        print("{}")
