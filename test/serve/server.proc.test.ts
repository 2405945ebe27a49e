import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { request as tlsRequest } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { EmbeddedCapture } from "../../src/export/html.ts"
import { walk } from "../../src/model/operation.ts"
import { unpackOperations } from "../../src/model/packed-operations.ts"
import type { MatchesAnswer, OperationAnswer, ReviewAnswer, ServerEvent } from "../../src/serve/protocol.ts"
import { Random } from "../capture/random.ts"
import { PROGRAM } from "../cli/cnitap.ts"
import { writeRandomCapture } from "../store/random-capture.ts"
import { makeNode, type Node } from "../web/recording.ts"
import { type Serving, serve } from "./serving.ts"

let node: Node
let serving: Serving

before(async () => {
  node = makeNode()
  node.operation("ADD", { namespace: "shop", name: "web-1", sandbox: 1 })
  serving = await serve("/capture", "--root", node.root)
})

after(async () => {
  await serving.end()
  node.remove()
})

test("it ends with its client, which closes stdin as kubectl exec and ssh do", async () => {
  const other = await serve("/capture", "--root", node.root)
  // An open page does not keep it.
  const events = await other.get("/api/events")
  const ended = once(other.process, "exit")
  other.process.stdin?.end()
  assert.deepEqual(await ended, [0, null])
  await events.body?.cancel().catch(() => {})
})

test("without a pipe on stdin it stays: a service, nohup", async () => {
  const child = spawn(
    process.execPath,
    [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--root", node.root, "--capture", "/capture"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  )
  const [url] = await once(child.stdout, "data")
  assert.equal((await fetch(new URL(String(url).trim()).origin)).status, 200)
  child.kill("SIGTERM")
  assert.deepEqual(await once(child, "exit"), [0, null])
})

test("the page needs no token, the API does", async () => {
  const statuses = async (headers: Record<string, string>) =>
    Promise.all(
      ["/", "/api/events", "/api/operations/x", "/nothing"].map(async (path) => {
        const answer = await fetch(serving.origin + path, { headers })
        await answer.body?.cancel()
        return answer.status
      }),
    )
  assert.deepEqual(await statuses({}), [200, 401, 401, 404])
  assert.deepEqual(await statuses({ Authorization: "Bearer wrong" }), [200, 401, 401, 404])
  assert.deepEqual(await statuses({ Authorization: `Bearer ${serving.token}` }), [200, 200, 404, 404])
  assert.equal((await fetch(`${serving.origin}/api/events?token=${serving.token}`)).status, 401)
})

test("a foreign Host, a foreign Origin and a write are denied, for the page as well", async () => {
  assert.deepEqual(
    await Promise.all([
      raw("GET", "/", { Host: "evil.example" }),
      raw("GET", "/api/events", { Host: "evil.example" }),
      raw("GET", "/", { Origin: "http://evil.example" }),
      raw("GET", "/api/events", { Origin: "http://evil.example" }),
      raw("GET", "/api/events", { "Sec-Fetch-Site": "cross-site" }),
      raw("POST", "/api/events", {}),
      raw("DELETE", "/api/operations/1", {}),
    ]),
    [403, 403, 403, 403, 403, 405, 405],
  )
})

test("every response has the security headers", async () => {
  const answer = await serving.get("/")
  const policy = answer.headers.get("Content-Security-Policy") ?? ""
  for (const rule of ["default-src 'none'", "script-src 'sha256-", "frame-ancestors 'none'", "trusted-types 'none'"]) {
    assert.ok(policy.includes(rule), rule)
  }
  assert.ok(!policy.includes("unsafe"))
  assert.deepEqual(
    [
      "Cache-Control",
      "Referrer-Policy",
      "X-Content-Type-Options",
      "X-Frame-Options",
      "Access-Control-Allow-Origin",
    ].map((name) => answer.headers.get(name)),
    ["no-store", "no-referrer", "nosniff", "DENY", null],
  )
  assert.equal((await answer.text()).match(/(src|href)="(?!data:)/g), null)
})

test("pages beyond a bound are refused until another page is closed", async () => {
  const pages = await Promise.all(Array.from({ length: 32 }, () => serving.get("/api/events")))
  assert.deepEqual(new Set(pages.map(({ status }) => status)), new Set([200]))
  const refused = await serving.get("/api/events")
  assert.deepEqual(
    [refused.status, refused.headers.get("Retry-After"), await refused.json()],
    [
      503,
      "1",
      {
        error: "too many pages at once",
        hint: "Close a page, or try again in a moment.",
      },
    ],
  )
  await Promise.all(pages.map(({ body }) => body?.cancel()))
  for (;;) {
    const { status, body } = await serving.get("/api/events")
    await body?.cancel()
    if (status === 200) break
  }
})

test("operations are listed without streams, and one is read with them", async () => {
  const events = await until(serving, "", "ready")
  assert.deepEqual(
    events.map(({ kind }) => kind).filter((kind) => kind !== "progress" && kind !== "readErrors"),
    ["reset", "operations", "ready"],
  )
  const [operation] = events.flatMap((event) => (event.kind === "operations" ? unpackOperations(event.batch) : []))
  assert.deepEqual(
    [
      operation?.command,
      operation?.pod?.name,
      operation?.outcome,
      operation?.calls.map(({ call, children }) => [call.plugin, children.length]),
    ],
    [
      "ADD",
      "web-1",
      "ok",
      [
        ["bridge", 1],
        ["portmap", 0],
        ["bandwidth", 0],
      ],
    ],
  )
  const { operation: whole } = (await (await serving.get(`/api/operations/${operation?.id}`)).json()) as OperationAnswer
  const calls = walk(whole.calls).map(({ call }) => call)
  assert.deepEqual(
    calls.map(({ plugin }) => plugin),
    ["bridge", "host-local", "portmap", "bandwidth"],
  )
  assert.ok(calls.every(({ stdin, stdout, stderr }) => stdin && stdout && stderr))
})

test("a filter on streams searches the capture, and again after it has grown", async () => {
  const idsOf = async (q: string) =>
    ((await (await serving.get(`/api/matches?q=${encodeURIComponent(q)}`)).json()) as MatchesAnswer).ids.length
  assert.deepEqual(
    [await idsOf('stderr ~ "veth pair"'), await idsOf("ip=10.244.0.0/16"), await idsOf("msg~full")],
    [1, 1, 0],
  )
  node.operation("ADD", { namespace: "shop", name: "full", sandbox: 1 }, { env: { CNITAP_TEST_FULL: "1" } })
  await until(serving, "", "ready")
  while ((await idsOf("code=999")) === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual([await idsOf("code=999"), await idsOf('stderr ~ "veth pair"')], [1, 1])
  const refused = await serving.get("/api/matches?q=plugn%3Dx")
  assert.deepEqual(
    [refused.status, await refused.json()],
    [400, { error: "no field is called plugn (column 1)", hint: "Correct the filter." }],
  )
})

test("the operations of a filter are saved as one file, which is never shown as a part of this server", async () => {
  const answer = await serving.get(`/api/file?q=${encodeURIComponent("plugin=bridge and pod=web-1")}`)
  assert.deepEqual(
    [answer.status, answer.headers.get("Content-Type"), answer.headers.get("Content-Disposition")],
    [200, "application/octet-stream", "attachment; filename=cnitap.html"],
  )
  const html = await answer.text()
  const data = /<script type="application\/json" id="capture">([^<]*)<\/script>/.exec(html)?.[1] ?? ""
  const { path, note, blocks } = JSON.parse(data) as EmbeddedCapture
  assert.deepEqual(
    [path, note, blocks.map(({ calls }) => calls)],
    [`${node.root}/capture`, "only plugin=bridge and pod=web-1", [4]],
  )
  assert.match(html, /content="[^"]*connect-src 'none'/)
  assert.equal((await serving.get("/api/file?q=plugn%3Dx")).status, 400)
  assert.equal((await fetch(`${serving.origin}/api/file`)).status, 401)
})

test("a page that reconnects gets what it missed, and nothing twice", async () => {
  const resume = { id: "" }
  // The operation of the test before this one may still be being read.
  const isListed = (events: ServerEvent[]) =>
    events
      .flatMap((event) => (event.kind === "operations" ? unpackOperations(event.batch) : []))
      .some(({ pod, outcome }) => pod?.name === "full" && outcome === "failed")
  while (!isListed(await until(serving, "", "ready", resume)));
  node.operation("DEL", { namespace: "shop", name: "web-1", sandbox: 1 })
  const events = await until(serving, resume.id, "operations")
  assert.deepEqual(
    events.map(({ kind }) => kind).filter((kind) => kind === "reset"),
    [],
  )
  const commands = events.flatMap((event) =>
    event.kind === "operations" ? unpackOperations(event.batch).map(({ command }) => command) : [],
  )
  assert.deepEqual(commands, ["DEL"])
  const restarted = await until(serving, "elsewhere.7", "ready")
  assert.equal(restarted[0]?.kind, "reset")
})

test("findings and ledger cover the whole capture and follow it", async () => {
  const untilReview = async (isWanted: (answer: ReviewAnswer) => boolean) => {
    for (;;) {
      const answer = (await (await serving.get("/api/review")).json()) as ReviewAnswer
      if (answer.isComplete && isWanted(answer)) return answer
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const said = ({ ledger }: ReviewAnswer, name: string) =>
    ledger.flatMap(({ pod, state, ips, reason }) =>
      pod?.name === name ? [`${state}, ${ips.length} ips: ${reason}`] : [],
    )
  const first = await untilReview(({ ledger }) => ledger.some(({ pod }) => pod?.name === "full"))
  assert.deepEqual(said(first, "full"), ["failed, 0 ips: ADD failed in bridge, no DEL followed"])
  assert.deepEqual(
    first.rules.map(({ rule, count }) => `${rule} ${count}`),
    ["stderr-discarded 2"],
  )
  node.operation("ADD", { namespace: "shop", name: "late", sandbox: 1 })
  // Lines are read as they are written: between two plugins the ADD is in flight.
  const second = await untilReview(({ ledger }) => {
    const last = ledger.at(-1)
    return last?.holdings.length === 4 && last.state !== "starting"
  })
  assert.deepEqual(said(second, "late"), ["up, 1 ips: in use"])
})

test("a server that is started again finds the same, from what the first one kept beside the segments", async (t) => {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  const directory = writeRandomCapture(new Random(seed), 60)
  t.after(() => rmSync(directory, { recursive: true }))
  const review = async () => {
    const one = await serve(directory)
    try {
      for (;;) {
        const answer = (await (await one.get("/api/review")).json()) as ReviewAnswer
        if (answer.isComplete) return answer
      }
    } finally {
      await one.end()
    }
  }
  const first = await review()
  const kept = readdirSync(directory).filter((name) => name.endsWith(".checks"))
  assert.ok(kept.length > 0)
  const stamps = () => kept.map((name) => statSync(join(directory, name)).mtimeMs)
  const before = stamps()
  assert.deepEqual(await review(), first)
  assert.deepEqual(stamps(), before)
})

test("listening beyond loopback needs a certificate, and a token file is private and holds a token", () => {
  const open = join(node.root, "open.token")
  writeFileSync(open, `${"t".repeat(24)}\n`, { mode: 0o644 })
  const empty = join(node.root, "empty.token")
  writeFileSync(empty, "", { mode: 0o600 })
  const cases: [args: string[], status: number, words: RegExp][] = [
    [["--listen", "0.0.0.0:0"], 5, /0\.0\.0\.0 is reachable from other machines.*--tls-cert and --tls-key/],
    [["--listen", "0.0.0.0:0", "--tls-cert", "/nowhere.pem"], 2, /must be used together/],
    [["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.pem"], 3, /cannot read \/nowhere\.pem/],
    [["--listen", "somewhere:99999"], 2, /invalid listen address somewhere:99999/],
    [["--listen", new URL(serving.origin).host], 5, /is already in use/],
    [["--token-file", open], 5, /other users can read .*open\.token/],
    [["--token-file", empty], 3, /empty\.token holds no token/],
    [["--token-file", join(node.root, "none/x")], 3, /cannot write .*none\/x/],
    [["--capture", join(node.root, "missing")], 3, /missing does not exist/],
  ]
  for (const [args, status, words] of cases) {
    const { status: found, stderr } = spawnSync(process.execPath, [
      PROGRAM,
      "serve",
      "--listen",
      "127.0.0.1:0",
      "--capture",
      node.capture,
      ...args,
    ])
    assert.match(String(stderr), words)
    assert.equal(found, status)
  }
})

test("a capture without a readable record ends the server", async () => {
  const newer = join(node.root, "newer")
  mkdirSync(newer)
  writeFileSync(join(newer, "calls-20260921T03.jsonl"), '\n{"format":99,"kind":"begin","id":"x"}\n')
  const args = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--capture", newer]
  const { status, stderr } = spawnSync(process.execPath, args)
  assert.deepEqual(
    [status, String(stderr)],
    [3, `cnitap: ${newer} has a newer format (calls-20260921T03.jsonl:1). Use a newer cnitap.\n`],
  )
})

test("a bundle is served like a directory, but is not live", async () => {
  const bundle = join(node.root, "node.bundle")
  const cnitap = [PROGRAM]
  const made = spawnSync(process.execPath, [...cnitap, "export", "bundle", "--capture", node.capture, "--out", bundle])
  assert.deepEqual([made.status, String(made.stderr)], [0, ""])
  const other = await serve(node.capture, "--from", bundle)
  try {
    const events = await until(other, "", "ready")
    const [reset] = events
    assert.deepEqual(reset?.kind === "reset" && [reset.source.path, reset.source.isLive], [bundle, false])
    const [operation] = events.flatMap((event) => (event.kind === "operations" ? unpackOperations(event.batch) : []))
    const answer = await other.get(`/api/operations/${operation?.id}`)
    const { operation: whole } = (await answer.json()) as OperationAnswer
    assert.ok(walk(whole.calls).every(({ call }) => call.stdin && call.stdout))
  } finally {
    await other.end()
  }
})

test("with a certificate it serves HTTPS", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cnitap-tls-"))
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")]
  writeFileSync(join(folder, "empty.pem"), "")
  spawnSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "1",
    "-subj",
    "/CN=node-1.example",
    "-addext",
    "subjectAltName=DNS:node-1.example",
    "-keyout",
    key,
    "-out",
    cert,
  ])
  const secure = await serve(node.capture, "--listen", "0.0.0.0:0", "--tls-cert", cert, "--tls-key", key)
  try {
    assert.match(secure.url, /^https:\/\/0\.0\.0\.0:\d+\/#token=/)
    const port = Number(new URL(secure.url).port)
    const status = (host: string) =>
      new Promise((resolve) =>
        tlsRequest({ port, host: "127.0.0.1", rejectUnauthorized: false, headers: { Host: host } }, (answer) =>
          resolve(answer.resume().statusCode),
        ).end(),
      )
    assert.deepEqual(
      [await status("node-1.example"), await status("evil.example"), await status("127.0.0.1")],
      [200, 403, 200],
    )
  } finally {
    await secure.end()
    rmSync(folder, { recursive: true })
  }
})

test("Ctrl-C ends the server while a page is connected", async () => {
  const other = await serve(node.capture)
  const stream = await other.get("/api/events")
  const reader = stream.body?.getReader()
  await reader?.read()
  assert.equal(await other.end(), 0)
  await reader?.cancel().catch(() => undefined)
})

function raw(method: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  const { hostname, port } = new URL(serving.origin)
  return new Promise((resolve, reject) => {
    request(
      { hostname, port, method, path, headers: { Authorization: `Bearer ${serving.token}`, ...headers } },
      (answer) => {
        answer.destroy()
        resolve(answer.statusCode)
      },
    )
      .on("error", reject)
      .end()
  })
}

/** Events up to the first of a kind. */
async function until(
  { get }: Serving,
  lastEventId: string,
  kind: ServerEvent["kind"],
  resume = { id: "" },
): Promise<ServerEvent[]> {
  const answer = await get("/api/events", lastEventId ? { "Last-Event-ID": lastEventId } : {})
  const events: ServerEvent[] = []
  let text = ""
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const messages = text.split("\n\n")
    text = messages.pop() ?? ""
    for (const message of messages) {
      const id = /^id: (.*)$/m.exec(message)?.[1]
      if (id !== undefined) resume.id = id
      const event = JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? "{}") as ServerEvent
      if (event.kind === undefined) continue
      events.push(event)
      if (event.kind === kind) return events
    }
  }
  throw new Error(`the stream ended before ${kind}`)
}
