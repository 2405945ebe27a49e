#!/usr/bin/python3
"""A probe as the article describes it, with what it imports cut to what it uses: environment and stdin read, one line
appended to a log under a lock that all probes share, an empty result printed. It stands here to be measured against."""
import fcntl
import json
import os
import sys

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
