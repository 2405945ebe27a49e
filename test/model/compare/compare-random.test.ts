import assert from "node:assert/strict"
import { test } from "node:test"
import { compareCalls } from "../../../src/model/compare/compare.ts"
import { type ResultChange, type ResultObject, resultChanges, resultObjects } from "../../../src/model/result/chain.ts"
import { Random } from "../../capture/random.ts"
import { type CallProps, call } from "../calls.ts"

const ROUNDS = 2000

test("applying the changes to one result yields the other", (t) => {
  const seed = Random.seed()
  t.diagnostic(`seed ${seed}`)
  const random = new Random(seed)
  for (let round = 0; round < ROUNDS; round++) {
    const [before, after] = [randomResult(random), randomResult(random)].map((result) => resultObjects(result) ?? [])
    assert.ok(before && after)
    assert.deepEqual(sorted(applied(before, resultChanges(before, after))), sorted(after))
    assert.deepEqual(resultChanges(before, before), [])
  }
})

test("a call equals itself, and a changed leaf is the only difference", (t) => {
  const seed = Random.seed()
  t.diagnostic(`seed ${seed}`)
  const random = new Random(seed)
  for (let round = 0; round < ROUNDS; round++) {
    const stdin = { cniVersion: "1.0.0", name: "pods", own: random.json(3), other: random.json(2) }
    const props: CallProps = { stdin, stderr: random.text(40) }
    assert.deepEqual(compareCalls(call("a", props), call("b", props)), [])
    const changed = { ...props, stdin: { ...stdin, name: "changed" } }
    assert.deepEqual(compareCalls(call("a", props), call("b", changed)), [
      { stream: "stdin", location: "/name", a: "pods", b: "changed", isVolatile: false },
    ])
    assert.deepEqual(compareCalls(call("b", changed), call("a", props)), [
      { stream: "stdin", location: "/name", a: "changed", b: "pods", isVolatile: false },
    ])
  }
})

function applied(before: ResultObject[], changes: ResultChange[]): ResultObject[] {
  const objects = [...before]
  for (const change of changes) {
    if (change.kind === "added") objects.push(change.object)
    else {
      const old = change.kind === "removed" ? change.object : change.before
      objects.splice(objects.indexOf(old), 1, ...(change.kind === "changed" ? [change.after] : []))
    }
  }
  return objects
}

function sorted(objects: ResultObject[]): string[] {
  return objects.map(({ kind, name, fields }) => JSON.stringify([kind, name, Object.entries(fields).sort()])).sort()
}

function randomResult(random: Random): object {
  const some = <Item>(most: number, make: () => Item): Item[] => Array.from({ length: random.below(most + 1) }, make)
  const interfaces = some(3, () => ({
    name: random.pick(["eth0", "cni0", "net1"]),
    ...(random.below(2) ? { sandbox: "/ns" } : {}),
    ...(random.below(2) ? { mtu: random.below(3) } : {}),
  }))
  return {
    cniVersion: random.pick(["0.4.0", "1.0.0"]),
    interfaces,
    ips: some(3, () => ({ address: `10.0.0.${random.below(4)}/24`, interface: random.below(4) })),
    routes: some(2, () => ({ dst: random.pick(["0.0.0.0/0", "10.0.0.0/8"]), gw: random.pick(["10.0.0.1", ""]) })),
    dns: random.pick([{}, { nameservers: ["1.1.1.1"] }]),
    ...(random.below(3) ? {} : { extra: random.json(1) }),
  }
}
