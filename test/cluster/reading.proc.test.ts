import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { after, before, beforeEach, test } from "node:test"
import { type Ran, run } from "../cli/cnitap.ts"
import { Terminal } from "../cli/terminal.ts"
import { type WrittenCall, writeCalls } from "../cli/written-capture.ts"
import { FakeCluster } from "./fake-cluster.ts"

const START_MS = Date.UTC(2026, 2, 1, 6)
const ids = { web1: "a".repeat(16), web2: "b".repeat(16), web3: "c".repeat(16) }

let cluster: FakeCluster

before(() => {
  cluster = new FakeCluster()
  writeCalls(join(cluster.addNode("node-1"), "capture"), [
    { id: ids.web1, node: "host-1", pod: "web-1", wallMs: START_MS },
    { id: ids.web3, node: "host-1", pod: "web-3", wallMs: START_MS + 2000 },
  ])
  writeCalls(join(cluster.addNode("node-2"), "capture"), [
    { id: ids.web2, node: "host-2", pod: "web-2", wallMs: START_MS + 1000, error: "no addresses left" },
  ])
  writeCalls(join(cluster.addNode("node-3"), "capture"), [])
  for (const node of ["node-1", "node-2", "node-3"]) cluster.addRecorder(node)
})
beforeEach(() => {
  const { nodes } = cluster.state
  for (const node of Object.values(nodes)) delete node.execError
  cluster.state = { nodes }
})
after(() => cluster.remove())

/** Columns are separated by two spaces, and ages and IDs are short. */
function rows({ stdout }: Ran): string[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .replace(/(\w)\1{15}/g, "$1")
        .replace(/ {2,}/g, "  ")
        .replace(/ {2}\d+d {2}/, "  AGE  ")
        .trim(),
    )
}

test("ls and tail merge the nodes in the order of time, with a column for the node", async () => {
  const listed = await cluster.cnitap(["ls"])
  assert.deepEqual(
    [rows(listed), listed.stderr, listed.code],
    [
      [
        "ID  AGE  NODE  COMMAND  POD  DURATION  OUTCOME  PLUGINS",
        "a  AGE  node-1  ADD  shop/web-1  10.0ms  ok  bridge 10.0ms",
        "b  AGE  node-2  ADD  shop/web-2  10.0ms  failed  bridge! 10.0ms",
        "c  AGE  node-1  ADD  shop/web-3  10.0ms  ok  bridge 10.0ms",
      ],
      "",
      0,
    ],
  )
  assert.deepEqual(rows(await cluster.cnitap(["ls", "--last", "1", "--failed", "--no-headers"])), [
    "b  AGE  node-2  ADD  shop/web-2  10.0ms  failed  bridge! 10.0ms",
  ])
  assert.deepEqual(rows(await cluster.cnitap(["ls", "--sort-by", "time", "-o", "name"])), [
    "operation/c",
    "operation/b",
    "operation/a",
  ])
  assert.deepEqual(rows(await cluster.cnitap(["tail", "--last", "2"])), [
    "STARTED  NODE  COMMAND  POD  PLUGIN  DURATION  OUTCOME  ID",
    "06:00:01.000Z  node-2  ADD  shop/web-2  bridge  10.0ms  exit 1  b",
    "06:00:02.000Z  node-1  ADD  shop/web-3  bridge  10.0ms  exit 0  c",
  ])
})

test("a program gets the objects of a node's verb, with the name that the cluster has for the node", async () => {
  const { stdout } = await cluster.cnitap(["ls", "pod=web-2", "-o", "json"])
  const { kind, items } = JSON.parse(stdout) as { kind: string; items: Record<string, unknown>[] }
  const [{ id, node, outcome, pod } = {}] = items
  assert.deepEqual(
    [kind, items.length, id, node, outcome, pod],
    ["OperationList", 1, ids.web2, "node-2", "failed", { namespace: "shop", name: "web-2" }],
  )
})

test("verbs that merge calls of nodes by time name two nodes whose clocks differ", async (t) => {
  const { "node-1": first, "node-2": second } = cluster.state.nodes
  assert.ok(first && second)
  t.after(() => {
    delete first.clockOffsetMs
    delete second.clockOffsetMs
  })
  const remarked = async (args: string[]) => {
    const { stderr, code } = await cluster.cnitap(args)
    return { args, stderr: stderr.replace(/9m\d\ds|10m0s/, "10m0s"), code }
  }
  const stderr =
    "cnitap: the clocks of node-1 and node-2 differ by 10m0s, so the times of their calls cannot be compared. Synchronize the clocks, for example with chrony.\n"
  for (const args of [["ls"], ["ls", "-o", "json"], ["tail"], ["ledger"], ["stats"], ["export", "jsonl"]]) {
    first.clockOffsetMs = second.clockOffsetMs = 600_000
    const { code, ...equal } = await remarked(args)
    assert.deepEqual(equal, { args, stderr: "" })
    first.clockOffsetMs = 0
    assert.deepEqual(await remarked(args), { args, stderr, code })
  }
  // Calls of one node are in the order of its clock; doctor lists by node.
  for (const args of [
    ["ls", "--node", "node-2"],
    ["ls", "pod=web-2"],
    ["show", ids.web1],
  ])
    assert.deepEqual(await remarked(args), { args, stderr: "", code: 0 })
  assert.doesNotMatch((await cluster.cnitap(["doctor"])).stderr, /clocks/)
})

test("verbs that follow nodes name two whose clocks differ", async (t) => {
  const { "node-1": first } = cluster.state.nodes
  assert.ok(first)
  t.after(() => delete first.clockOffsetMs)
  first.clockOffsetMs = -600_000
  for (const args of [
    ["tail", "-f"],
    ["ls", "-w"],
  ]) {
    const following = cluster.start(args)
    const closed = once(following, "close")
    let stderr = ""
    following.stderr.on("data", (chunk) => {
      stderr += chunk
    })
    await once(following.stderr, "data")
    following.kill("SIGINT")
    assert.deepEqual(await closed, [0, null])
    assert.match(
      stderr,
      /^cnitap: the clocks of node-1 and node-[23] differ by (?:9m\d\ds|10m0s), so the times of their calls cannot be compared\. Synchronize the clocks, for example with chrony\.\n/,
    )
  }
})

test("--node asks these nodes only, and kubectl gets the context", async () => {
  const before = cluster.calls().length
  assert.deepEqual(rows(await cluster.cnitap(["ls", "--node", "node-2", "--context", "prod", "-o", "name"])), [
    "operation/b",
  ])
  const calls = cluster.calls().slice(before)
  assert.deepEqual(
    calls.map(([context, verb, ...rest]) => [context, verb, rest[2]]),
    [
      ["--context=prod", "get", "cnitap"],
      ["--context=prod", "exec", "cnitap-node-2"],
    ],
  )
  assert.deepEqual(await cluster.cnitap(["ls", "--node", "node-9"]), {
    stdout: "",
    stderr:
      "cnitap: node-9 is not recorded; node-1, node-2 and node-3 are. Run `kubectl cnitap install --node node-9`.\n",
    code: 6,
  })
})

test("explain and show go to the node of the pod; without a name, to that of the latest failure", async () => {
  cluster.state.pods = [{ metadata: { namespace: "shop", name: "web-2" }, spec: { nodeName: "node-2" } }]
  const before = cluster.calls().length
  const explained = await cluster.cnitap(["explain", "shop/web-2"])
  assert.match(explained.stdout, /no addresses left/)
  assert.match(explained.stdout, /kubectl cnitap show /)
  assert.doesNotMatch(explained.stdout, /--root/)
  assert.deepEqual([explained.stderr, explained.code], ["", 0])
  const asked = cluster.calls().slice(before)
  assert.deepEqual(
    asked.map(([verb, , , pod]) => (verb === "exec" ? pod : `get in ${pod}`)),
    ["get in cnitap", "get in shop", "cnitap-node-2"],
  )
  assert.equal((await cluster.cnitap(["explain"])).stdout, explained.stdout)
  assert.match((await cluster.cnitap(["show", ids.web1.slice(0, 6)])).stdout, /^ADD a{16} +ok\n +pod +shop\/web-1\n/)
  const missing = await cluster.cnitap(["show", "dddd"])
  assert.match(missing.stderr, /^cnitap: no pod, operation or container dddd in .* `kubectl cnitap ls`\.\n$/)
  assert.deepEqual([missing.stdout, missing.code], ["", 6])
})

test("verbs that count and compare read the calls of all nodes here, and leave no file", async () => {
  const temporary = join(cluster.directory, "tmp")
  mkdirSync(temporary)
  assert.match((await cluster.cnitap(["stats"], { TMPDIR: temporary })).stdout, /^3 calls.*1 failed/)
  const compared = await cluster.cnitap(["diff", "web-1", "web-2"], { TMPDIR: temporary })
  assert.equal(compared.code, 1)
  assert.match(compared.stdout, /no addresses left/)
  const bundle = join(cluster.directory, "all.cnitap")
  assert.deepEqual(await cluster.cnitap(["export", "bundle", "--out", bundle]), { stdout: "", stderr: "", code: 0 })
  assert.deepEqual(
    rows(
      await run(process.execPath, [
        join(import.meta.dirname, "../../dist/cnitap.js"),
        "ls",
        "--from",
        bundle,
        "-o",
        "name",
      ]),
    ),
    ["operation/a", "operation/b", "operation/c"],
  )
  assert.match((await cluster.cnitap(["export", "repro", ids.web2])).stdout, /CNI_COMMAND/)
  assert.deepEqual(readdirSync(temporary), [])
})

test("who-owns, ledger, ps, lint and doctor ask every node", async () => {
  const owner = await cluster.cnitap([
    "who-owns",
    "10.1.0.9",
    "-o",
    "jsonpath={range .items[*]}{.node} {.pod.name}{'\\n'}{end}",
  ])
  assert.deepEqual([owner.stdout, owner.code], ["node-1 web-1\nnode-1 web-3\n", 0])
  const nobody = await cluster.cnitap(["who-owns", "10.9.9.9"])
  assert.deepEqual([nobody.stdout, nobody.stderr, nobody.code], ["", "10.9.9.9 has no owner on these nodes\n", 1])
  assert.match((await cluster.cnitap(["ledger"])).stdout, /^STATE +AGE +NODE +POD .*\n.* node-1 +shop\/web-1/)
  assert.deepEqual(await cluster.cnitap(["ps"]), { stdout: "", stderr: "no call in flight\n", code: 0 })
  assert.match((await cluster.cnitap(["doctor"])).stdout, /^NODE +SEVERITY +RULE/)
  const linted = await cluster.cnitap(["lint"])
  assert.match(linted.stdout, /^SEVERITY +RULE/)
  assert.equal(linted.code, 1)
})

test("tail -f and ls -w follow all nodes until Ctrl-C", async (t) => {
  const capture = join(cluster.state.nodes["node-3"]?.root ?? "", "capture")
  let count = 0
  for (const [verb, kind] of [
    [["tail", "-f", "--last", "0"], "call"],
    [["ls", "-w", "--last", "0"], "operation"],
  ] as const) {
    const following = cluster.start([...verb, "-o", "name"])
    t.after(() => following.kill())
    const closed = once(following, "close")
    const lines = createInterface(following.stdout)
    const first = once(lines, "line")
    // A process of each node follows; when they have begun cannot be seen from here.
    const writing = setInterval(() => {
      const id = (++count).toString(16).padStart(16, "f")
      writeCalls(capture, [{ id, node: "host-3", pod: `web-${count}`, wallMs: Date.now() }])
    }, 300)
    const [line] = await first
    clearInterval(writing)
    assert.match(String(line), new RegExp(`^${kind}/f+[0-9a-f]+$`))
    following.kill("SIGINT")
    assert.deepEqual(await closed, [0, null])
  }
})

test("ps -w redraws the calls of all nodes every second until Ctrl-C", { timeout: 90_000 }, async (t) => {
  const own = new FakeCluster()
  t.after(() => own.remove())
  const captures = ["node-1", "node-2"].map((node) => {
    own.addRecorder(node)
    return join(own.addNode(node), "capture")
  })
  const open = (at: number): WrittenCall => ({
    id: `${at}`.repeat(16),
    node: `host-${at}`,
    pod: `web-${at}`,
    wallMs: START_MS + at,
    isOpen: true,
  })
  writeCalls(captures[0] ?? "", [open(1)])
  writeCalls(captures[1] ?? "", [])
  own.save()
  const { PATH = "", FAKE_CLUSTER = "" } = own.env()
  const shell = new Terminal("bash --norc", { columns: 160, env: { PATH, FAKE_CLUSTER } })
  t.after(() => shell.close())
  shell.type("clear; kubectl-cnitap ps -w --all; echo status $?", "Enter")
  await shell.until(/calls in flight, once a second[\s\S]*shop\/web-1 .*node-1/)
  writeCalls(captures[1] ?? "", [open(2)])
  await shell.until(/shop\/web-1 .*node-1[\s\S]*shop\/web-2 .*node-2/)
  shell.type("C-c")
  await shell.until(/status 0$/m)
  assert.deepEqual(await own.cnitap(["ps", "-w"]), {
    stdout: "",
    stderr: "cnitap: ps -w needs a terminal. Use `kubectl cnitap tail -f -o jsonl` to follow calls in a pipe.\n",
    code: 2,
  })
})

test("a node that gives no answer is named with the reason, and the others are printed", async () => {
  const node = cluster.state.nodes["node-2"]
  if (node) node.execError = 'error: unable to upgrade connection: container not found ("cnitap")'
  for (const verb of [
    ["ls"],
    ["tail"],
    ["ps"],
    ["ledger"],
    ["stats"],
    ["lint"],
    ["doctor"],
    ["who-owns", "10.1.0.9"],
    ["export", "jsonl"],
    ["show", ids.web1],
  ]) {
    const { stdout, stderr, code } = await cluster.cnitap(verb)
    const own = stderr.split("\n").filter((line) => line.includes("node-2"))
    assert.deepEqual(
      { verb, printed: stdout !== "" || verb[0] === "ps", own, code },
      {
        verb,
        printed: true,
        own: ['cnitap: no answer from node-2: unable to upgrade connection: container not found ("cnitap")'],
        code: 7,
      },
    )
  }
})

test("mistakes on the command line are reported once, as on a node", async () => {
  const wrong = await cluster.cnitap(["ls", "plugin=="])
  assert.equal(wrong.code, 2)
  assert.equal(wrong.stderr.split("\n").filter((line) => line.startsWith("cnitap: ")).length, 1)
  assert.deepEqual(await cluster.cnitap(["ls", "--root", "/"]), {
    stdout: "",
    stderr: "cnitap: --root names a directory of one node. Leave it out, or use cnitap on the node.\n",
    code: 2,
  })
  const unknown = await cluster.cnitap(["lss"])
  assert.deepEqual([unknown.stderr, unknown.code], ["cnitap: unknown command 'lss'. Did you mean ls?\n", 2])
})

test("no kubectl, no cluster, no rights, nothing installed: one line that says what to do", async () => {
  const failing = async (env: NodeJS.ProcessEnv = {}) => {
    const { stdout, stderr, code } = await cluster.cnitap(["ls"], env)
    assert.equal(stdout, "")
    return [stderr, code]
  }
  assert.deepEqual(await failing({ PATH: "/nonexistent" }), [
    "cnitap: kubectl is not in $PATH. Install kubectl: kubernetes.io/docs/tasks/tools.\n",
    8,
  ])
  cluster.state.fails =
    'E1128 23:01:00.000000   11 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list"\nThe connection to the server localhost:8080 was refused - did you specify the right host or port?'
  assert.deepEqual(await failing(), [
    "cnitap: The connection to the server localhost:8080 was refused - did you specify the right host or port? Check that `kubectl get nodes` works.\n",
    8,
  ])
  delete cluster.state.fails
  cluster.state.forbidden = ["get pods"]
  assert.deepEqual(await failing(), [
    'cnitap: Error from server (Forbidden): pods is forbidden: User "dev" cannot get resource in the namespace "cnitap". Ask for the roles in deploy/rbac.yaml: they are all that kubectl cnitap needs.\n',
    4,
  ])
  const empty = new FakeCluster()
  assert.deepEqual(await empty.cnitap(["ls"]), {
    stdout: "",
    stderr: "cnitap: no node of this cluster is recorded. Run `kubectl cnitap install`.\n",
    code: 6,
  })
  empty.remove()
})

test("pods of another version are named in one line, with the command that replaces them", async () => {
  cluster.addRecorder("node-3", "0.0.9")
  const { stderr, code } = await cluster.cnitap(["ls", "-o", "name"])
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
    version: string
  }
  assert.deepEqual(
    [stderr, code],
    [`cnitap: this is version ${version}, but 0.0.9 records on node-3. \`kubectl cnitap install\` replaces it.\n`, 0],
  )
  cluster.addRecorder("node-3")
})
