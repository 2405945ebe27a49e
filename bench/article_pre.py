#!/usr/bin/python3
"""A probe as the article describes it: environment and stdin read, one line appended to a log under a lock that all
probes share, an empty result printed. It imports what the article's imports, apart from what Python does not bring
along. It stands here to be measured against."""
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
