#!/usr/bin/env node
/**
 * A plugin that delegates like flannel's: it derives another configuration from its own and its subnet, dumps it to stderr,
 * calls `bridge` from CNI_PATH with it, and stores it per container, because DEL must use the same one.
 */
const { spawnSync } = require("node:child_process")
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs")
const { join } = require("node:path")

const { CNI_COMMAND: command, CNI_CONTAINERID: id, CNI_PATH: path } = process.env
const { name, cniVersion, subnet, dataDir, delegate } = JSON.parse(readFileSync(0, "utf8"))
const kept = join(dataDir, id)

const ipam = { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] }
const made = { name, cniVersion, type: "bridge", ipMasq: false, isGateway: true, ...delegate, ipam }
if (command === "ADD") {
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(kept, JSON.stringify(made))
} else if (!existsSync(kept)) process.exit(0)

const input = readFileSync(kept, "utf8")
process.stderr.write(`delegate: ${input}\n`)
const bridge = path
  .split(":")
  .map((directory) => join(directory, "bridge"))
  .find(existsSync)
const { status, stdout } = spawnSync(bridge, { input, stdio: ["pipe", "pipe", "inherit"] })
process.stdout.write(stdout)
if (command === "DEL" && status === 0) rmSync(kept)
process.exitCode = status ?? 1
