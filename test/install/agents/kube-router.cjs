#!/usr/bin/env node
/** kube-router's start: searches its bridge in the list, fails without one, and rewrites the list in place. */
const { readFileSync, writeFileSync } = require("node:fs")

const [, , path] = process.argv
const list = JSON.parse(readFileSync(path, "utf8"))
const bridge = list.plugins.find(({ type }) => type === "bridge")
bridge.ipam.ranges = [[{ subnet: "10.1.0.0/24" }]]
writeFileSync(path, JSON.stringify(list))
