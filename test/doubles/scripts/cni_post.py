#!/usr/bin/python3
# cni_post.py of https://zenn.dev/masap/articles/b4ac82696c5f42, unchanged but for indentation: what the probes are
# compared with. The test puts its own paths in place of the two constants.
import os
import subprocess
import json
import sys
import tempfile
import netifaces
import hashlib
import random
import fcntl


def parseArgs():
    args = {}
    args['CNI_COMMAND'] = os.environ.get('CNI_COMMAND')
    if args['CNI_COMMAND'] == None:
        with open(LOG_FILE_NAME, mode='a') as f:
            f.write('env CNI_COMMAND not found')
        exit(1)
    args['CNI_CONTAINERID'] = os.environ.get('CNI_CONTAINERID')
    if args['CNI_CONTAINERID'] == None:
        with open(LOG_FILE_NAME, mode='a') as f:
            f.write('env CNI_CONTAINERID not found')
        exit(1)
    args['STDIN_DATA'] = json.load(sys.stdin)
    return args


def cmdAdd(args):
    with open(LOG_FILE_NAME, mode='a') as f:
        f.write('CNI_COMMAND=')
        f.write(args['CNI_COMMAND'])
        f.write(',CNI_CONTAINERID=')
        f.write(args['CNI_CONTAINERID'])
        f.write(',output=')
        f.write(json.dumps(args['STDIN_DATA']['prevResult']))
        f.write('\n')
    print(json.dumps(args['STDIN_DATA']['prevResult']))


def cmdDel(args):
    with open(LOG_FILE_NAME, mode='a') as f:
        f.write('CNI_COMMAND=')
        f.write(args['CNI_COMMAND'])
        f.write(',CNI_CONTAINERID=')
        f.write(args['CNI_CONTAINERID'])
        f.write(',input=')
        f.write(json.dumps(args['STDIN_DATA']))
        f.write('\n')
    print("{}")


def cmdCheck(args):
    print("{}")


LOG_FILE_NAME = '/tmp/cni.log'
LOCK_FILE_NAME = '/var/run/lock/cni.lock'
args = parseArgs()
if args['CNI_COMMAND'] == 'VERSION':
    print('{"cniVersion": "0.4.0", "supportedVersions": ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"]}')
    exit(0)
lockfp = open(LOCK_FILE_NAME, "w")
fcntl.flock(lockfp.fileno(), fcntl.LOCK_EX)
if args['CNI_COMMAND'] == 'ADD':
    cmdAdd(args)
elif args['CNI_COMMAND'] == 'DEL':
    cmdDel(args)
elif args['CNI_COMMAND'] == 'CHECK':
    cmdCheck(args)
fcntl.flock(lockfp.fileno(), fcntl.LOCK_UN)
lockfp.close()
