#!/usr/bin/python3 -IS
"""A plugin that fails for pods whose name begins with fail-, hangs for those with hang-, and else passes the result on."""
import json, os, sys, time

command = os.environ.get("CNI_COMMAND")
if command == "VERSION":
    print(json.dumps({"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}))
    sys.exit(0)
config = json.load(sys.stdin)
name = dict(pair.split("=", 1) for pair in os.environ.get("CNI_ARGS", "").split(";") if "=" in pair).get("K8S_POD_NAME", "")
if command == "ADD" and name.startswith("fail-"):
    print(json.dumps({"cniVersion": "1.0.0", "code": 11, "msg": "no route to the agent"}))
    sys.exit(1)
if command == "ADD" and name.startswith("hang-"):
    time.sleep(600)
if command == "ADD":
    print(json.dumps(config["prevResult"]))
