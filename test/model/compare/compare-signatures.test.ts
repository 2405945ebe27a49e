import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../../src/model/call.ts"
import { compareSignatures, isDifferent, SignatureCounts } from "../../../src/model/compare/compare-signatures.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { type CallProps, call } from "../calls.ts"

/** Bridge and portmap over one pod. */
function pod(name: string, props: CallProps = {}): Call[] {
  const more = { containerId: `${name}-id`, pod: { namespace: "shop", name }, ...props }
  return [
    call(`${name}-1`, {
      plugin: "bridge",
      stdout: { cniVersion: "1.0.0", ips: [{ address: `10.0.0.${name.length}/24` }] },
      ...more,
    }),
    call(`${name}-2`, { plugin: "portmap", ...more, at: (props.at ?? 0) + 20 }),
  ]
}

function signaturesOf(...calls: Call[]): SignatureCounts {
  const all = new SignatureCounts()
  for (const operation of toOperations(calls)) all.add(operation)
  return all
}

/** `ADD a=2 b=1 bridge: exit, stdin` */
function differencesOf(a: SignatureCounts, b: SignatureCounts): string[] {
  return compareSignatures(a, b).map(({ kind, countA, countB, pairs }) => {
    const where = pairs.filter(isDifferent).map(({ plugin, a, b, differences }) => {
      if (!a || !b) return `${plugin} only in ${a ? "a" : "b"}`
      return `${plugin}: ${differences
        .filter(({ isVolatile }) => !isVolatile)
        .map(({ stream, location }) => `${stream} ${location}`.trim())
        .join(", ")}`
    })
    return [`${kind.command} a=${countA} b=${countB}`, ...where].join(" ")
  })
}

test("nodes that treat their pods the same do not differ, however many pods they have", () => {
  assert.deepEqual(
    differencesOf(signaturesOf(...pod("web"), ...pod("api1"), ...pod("db22")), signaturesOf(...pod("other"))),
    [],
  )
})

// Pains 31 and 35: an agent changed something on one node.
test("a different setting on one node is one difference, not one per pod", () => {
  const changed = (name: string) => pod(name, { stdin: { cniVersion: "1.0.0", name: "pods", mtu: 9000 } })
  const plain = (name: string) => pod(name, { stdin: { cniVersion: "1.0.0", name: "pods", mtu: 1500 } })
  assert.deepEqual(
    differencesOf(
      signaturesOf(...plain("web"), ...plain("api1")),
      signaturesOf(...changed("db"), ...changed("mq1"), ...changed("x22")),
    ),
    ["ADD a=2 b=3 bridge: stdin /mtu portmap: stdin /mtu"],
  )
})

test("a failure that the golden capture lacks is shown next to the most similar success", () => {
  const failed = call("f", {
    plugin: "bridge",
    containerId: "f",
    exit: { code: 1 },
    stdout: { code: 11, msg: "again" },
  })
  assert.deepEqual(differencesOf(signaturesOf(...pod("web")), signaturesOf(...pod("web"), failed)), [
    "ADD a=1 b=1 bridge: exit, stdout /cniVersion, stdout ip <ip>/24, stdout /code, stdout /msg portmap only in a",
  ])
})

test("a command that only one side has", () => {
  const del = pod("web", { command: "DEL", at: 5000 })
  assert.deepEqual(differencesOf(signaturesOf(...pod("web"), ...del), signaturesOf(...pod("web"))), ["DEL a=1 b=0"])
})
