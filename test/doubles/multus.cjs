#!/usr/bin/env node
/**
 * A plugin that delegates like Multus: it calls each of its delegates with CNI_IFNAME eth0, net1 and so on, stops at the
 * first error, then deletes the delegates backwards, and stops at the first error of these too.
 */
const { spawnSync } = require("node:child_process")
const { readFileSync } = require("node:fs")
const { join } = require("node:path")

const { CNI_COMMAND: command, CNI_PATH: path } = process.env
const { cniVersion, delegates } = JSON.parse(readFileSync(0, "utf8"))

function delegate(verb, at) {
  const { type } = delegates[at]
  const env = { ...process.env, CNI_COMMAND: verb, CNI_IFNAME: at === 0 ? process.env.CNI_IFNAME : `net${at}` }
  const { status, stdout } = spawnSync(join(path, type), {
    env,
    input: JSON.stringify({ cniVersion, ...delegates[at] }),
  })
  if (status === 0) return { stdout }
  const { msg } = JSON.parse(stdout)
  return {
    error: `[shop/a/:${delegates[at].name}]: error ${verb === "ADD" ? "adding" : "deleting"} container to network "${delegates[at].name}": ${msg}`,
  }
}

function deleteFrom(last) {
  for (let at = last; at >= 0; at--) {
    const { error } = delegate("DEL", at)
    if (error) return error
  }
}

let [error, first] = ["", ""]
if (command === "ADD") {
  for (let at = 0; at < delegates.length && !error; at++) {
    const added = delegate("ADD", at)
    error = added.error
    if (error) deleteFrom(at)
    else if (at === 0) first = added.stdout
  }
} else if (command === "DEL") error = deleteFrom(delegates.length - 1)
if (!error) process.stdout.write(first)
else {
  process.stdout.write(JSON.stringify({ code: 999, msg: error }))
  process.exitCode = 1
}
