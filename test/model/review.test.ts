import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../src/model/call.ts"
import { toOperations } from "../../src/model/operation.ts"
import { Review } from "../../src/model/review.ts"

const ADD_MS = Date.UTC(2026, 8, 21, 3)
const RESULT = '{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/n"}],"ips":[{"address":"10.1.2.3/24"}]}'
let calls = 0

function call(plugin: string, command: string, afterMs: number, change: Partial<Call> = {}): Call {
  const prevResult = plugin === "bridge" ? "" : `,"prevResult":${RESULT}`
  const stdin = `{"cniVersion":"1.0.0","name":"net","type":"${plugin}"${prevResult}}`
  return {
    id: (++calls).toString(16).padStart(16, "0"),
    depth: 0,
    as: "relay",
    pid: calls,
    ppid: 1,
    plugin,
    path: `/opt/cni/bin/${plugin}`,
    argv: [],
    env: { CNI_COMMAND: command, CNI_CONTAINERID: "c0ffee", CNI_NETNS: "/n", CNI_IFNAME: "eth0", CNI_PATH: "/opt" },
    envNames: [],
    command,
    containerId: "c0ffee",
    ifname: "eth0",
    netns: "/n",
    network: "net",
    cniVersion: "1.0.0",
    pod: { namespace: "shop", name: "web" },
    wallMs: ADD_MS + afterMs,
    monoMs: afterMs,
    durationMs: 5,
    state: "ended",
    exit: { code: 0 },
    stdin: { sizeBytes: stdin.length, text: stdin },
    stdout: command === "ADD" ? { sizeBytes: RESULT.length, text: RESULT } : { sizeBytes: 0, text: "" },
    ...change,
  }
}

/** The ledger after all calls were added at once, read `afterMs` after the ADD. */
function ledgerAt(afterMs: number, ...all: Call[]): string[] {
  const review = new Review()
  for (const operation of toOperations(all)) review.add(operation, ADD_MS + afterMs)
  return review
    .attachments(ADD_MS + afterMs)
    .map(({ state, ips, reason }) => [state, ...ips, reason].join(" | "))
    .concat(`${review.goneCount} gone`)
}

const add = () => [call("bridge", "ADD", 0), call("bandwidth", "ADD", 10)]

test("an operation is counted once, with all the calls that it got", () => {
  const [bridge, bandwidth] = add()
  assert.ok(bridge && bandwidth)
  const review = new Review()
  const holdings = () => review.attachments(ADD_MS + 100).map(({ holdings }) => holdings.map(({ plugin }) => plugin))
  for (const operation of toOperations([bridge])) review.add(operation, ADD_MS + 6)
  assert.deepEqual(holdings(), [["bridge"]])
  for (const operation of toOperations([bridge, bandwidth])) review.add(operation, ADD_MS + 16)
  assert.deepEqual(holdings(), [["bridge", "bandwidth"]])
  assert.deepEqual([review.size, review.attachments(ADD_MS + 60_000).length, review.size], [1, 1, 1])
})

test("a DEL in flight has not left anything behind yet", () => {
  const dels = [call("bandwidth", "DEL", 60_000), call("bridge", "DEL", 60_010)]
  assert.deepEqual(ledgerAt(60_050, ...add(), ...dels.slice(0, 1)), ["stopping | 10.1.2.3 | DEL in flight", "0 gone"])
  assert.deepEqual(ledgerAt(60_050, ...add(), ...dels), ["0 gone"])
  assert.deepEqual(ledgerAt(90_000, ...add(), ...dels), ["1 gone"])
  assert.deepEqual(ledgerAt(90_000, ...add(), ...dels.slice(0, 1)), [
    "stuck | 10.1.2.3 | DEL never reached bridge",
    "0 gone",
  ])
})

test("an address belongs to the plugin that assigned it, not to those that passed it on", () => {
  const dels = [call("bridge", "DEL", 60_000), call("bandwidth", "DEL", 60_010, { exit: { code: 1 } })]
  assert.deepEqual(ledgerAt(90_000, ...add(), ...dels), ["stuck | DEL failed in bandwidth", "0 gone"])
})

test("findings are counted by rule, worst first; those about calls in flight only while they are in flight", () => {
  const hung = call("bridge", "ADD", 0, { state: "running" })
  delete hung.durationMs
  delete hung.exit
  delete hung.stdout
  const noise = (text: string) => ({ stdout: { sizeBytes: text.length, text } })
  const review = new Review()
  const rules = (afterMs: number) => review.rules(ADD_MS + afterMs).map(({ rule, count }) => `${rule} ${count}`)
  for (const operation of toOperations([call("bandwidth", "ADD", 0, { containerId: "other", ...noise("") })]))
    review.add(operation, ADD_MS + 60_000)
  for (const operation of toOperations([hung])) review.add(operation, ADD_MS + 60_000)
  assert.deepEqual(rules(1_000), ["add-no-result 1"])
  assert.deepEqual(rules(60_000), ["add-no-result 1", "hung 1"])
  for (const operation of toOperations([call("bridge", "ADD", 0, { id: hung.id })]))
    review.add(operation, ADD_MS + 90_000)
  assert.deepEqual(rules(90_000), ["add-no-result 1"])
})
