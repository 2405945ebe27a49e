import assert from "node:assert/strict"
import { test } from "node:test"
import { type CalledList, findIncomplete, type KnownList } from "../../src/model/incomplete-list.ts"

/** `ADD web-1: bridge portmap`, in the order of the list; each a minute after the one before, or `+2s`. */
function incomplete(lines: readonly string[], known?: KnownList): string[] {
  let atMs = 0
  const operations = lines.map((line, index): CalledList & { line: string } => {
    const [, pause = "", command = "", pod = "", container = "", plugins = ""] =
      /^(?:\+(\d+)s )?(\w+) ([\w-]+)(?:\/(\w+))?: (.*)$/.exec(line) ?? []
    atMs += pause ? Number(pause) * 1000 : 60_000
    const containerId = container || pod
    const key = "n\npods\neth0"
    return { line, key, command, pod, containerId, plugins: plugins.split(" "), wallMs: atMs, endMs: atMs + index }
  })
  return Array.from(
    findIncomplete(operations, () => known),
    ([{ line }, next]) => `${line} | ${next}`,
  )
}

test("operations that call the same plugins are complete", () => {
  assert.deepEqual(incomplete(["ADD a: bridge portmap", "ADD b: bridge portmap", "DEL a: bridge portmap"]), [])
  assert.deepEqual(incomplete(["ADD a: bridge"]), [])
})

test("an ADD that stops where others went on, and whose pod is tried again", () => {
  assert.deepEqual(incomplete(["ADD a: bridge portmap", "ADD b/1: bridge", "ADD b/2: bridge portmap"]), [
    "ADD b/1: bridge | portmap",
  ])
})

test("a recording that ended in the middle of a list says nothing about the list", () => {
  assert.deepEqual(incomplete(["ADD a: bridge portmap", "ADD b: bridge"]), [])
  assert.deepEqual(incomplete(["ADD a: bridge portmap", "ADD b: bridge", "ADD c: bridge portmap"]), [])
  assert.deepEqual(incomplete(["ADD a: bridge tuning portmap", "DEL a: portmap"]), [])
})

test("a DEL starts at the end of the list", () => {
  const tries = ["DEL a: portmap", "+15s DEL a: portmap"]
  assert.deepEqual(
    incomplete(["ADD a: bridge tuning portmap", ...tries]),
    tries.map((line) => `${line} | tuning`),
  )
})

test("ADD and the DEL after it share no plugin: the one between them was not found", () => {
  assert.deepEqual(incomplete(["ADD a: bridge", "+1s DEL a: portmap"]), ["ADD a: bridge | ", "+1s DEL a: portmap | "])
  assert.deepEqual(incomplete(["ADD a: calico", "DEL a: cilium-cni"]), [], "an hour later it is another list")
})

test("the DEL after the ADD calls more: the list was not called as a whole", () => {
  assert.deepEqual(incomplete(["ADD a: cni_pre", "+1s DEL a: cni_pre cni_post"]), ["ADD a: cni_pre | cni_post"])
})

test("a list that was edited: its pods are deleted by the same plugins, or none is tried again", () => {
  assert.deepEqual(incomplete(["ADD a: bridge portmap", "ADD b: bridge", "DEL b: bridge"]), [])
  assert.deepEqual(incomplete(["ADD a: bridge portmap", "ADD b: bridge", "ADD c: bridge", "ADD d: bridge"]), [])
  const edited = ["ADD a: bridge portmap", "ADD b: bridge", "ADD c: bridge", "ADD d: bridge", "ADD e: bridge portmap"]
  assert.deepEqual(incomplete(edited), [])
})

test("pods that are tried again and again failed, however many they are", () => {
  const tries = ["ADD web/1: bridge", "ADD db/2: bridge", "+15s ADD web/3: bridge", "ADD db/4: bridge"]
  assert.deepEqual(
    incomplete(["ADD a: bridge portmap", ...tries]),
    tries.map((line) => `${line} | portmap`),
  )
})

test("what the node has now decides, from the time of the file on", () => {
  const known = (changedMs: number) => ({ plugins: ["bridge", "portmap", "flannel-qos"], changedMs })
  assert.deepEqual(incomplete(["ADD a: bridge portmap"], known(0)), ["ADD a: bridge portmap | flannel-qos"])
  assert.deepEqual(incomplete(["ADD a: bridge portmap"], known(3_600_000)), [])
  const one = { plugins: ["bridge"], changedMs: 90_000 }
  assert.deepEqual(incomplete(["ADD a: bridge portmap", "ADD b: bridge"], one), [])
})

test("a recording that began in the middle of a list says nothing about the list", () => {
  assert.deepEqual(incomplete(["ADD a: bridge portmap", "ADD b: portmap", "ADD c: bridge portmap"]), [])
})
