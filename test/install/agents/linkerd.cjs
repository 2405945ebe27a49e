#!/usr/bin/env node
/** Linkerd's installer, one round: adds its entry at the end of every configuration that has changed. */
const { readdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs")
const { join } = require("node:path")

const [, , confDir] = process.argv
for (const name of readdirSync(confDir).filter((file) => /\.(conf|conflist)$/.test(file))) {
  const path = join(confDir, name)
  const list = JSON.parse(readFileSync(path, "utf8"))
  const others = list.plugins.filter(({ type }) => type !== "linkerd-cni")
  const text = JSON.stringify({ ...list, plugins: [...others, { type: "linkerd-cni" }] }, null, 2)
  if (text === readFileSync(path, "utf8")) continue
  writeFileSync(`${path}.linkerd`, text)
  renameSync(`${path}.linkerd`, path)
  console.log(`injected into ${name}`)
}
