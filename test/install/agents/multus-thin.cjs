#!/usr/bin/env node
/** Multus' thin entrypoint, one round: the first other configuration becomes the delegate of 00-multus.conf. */
const { readdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs")
const { join } = require("node:path")

const [, , confDir] = process.argv
const master = readdirSync(confDir)
  .filter((file) => /\.(conf|conflist|json)$/.test(file) && !file.startsWith("00-multus"))
  .sort()[0]
const delegate = JSON.parse(readFileSync(join(confDir, master), "utf8"))
const text = JSON.stringify({ cniVersion: "0.3.1", name: "multus-cni-network", type: "multus", delegates: [delegate] })
writeFileSync(join(confDir, "00-multus.tmp"), text)
renameSync(join(confDir, "00-multus.tmp"), join(confDir, "00-multus.conf"))
console.log(master)
