import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { RELAY, type Seen, Stand } from "./stand.ts"

/** The probes, copied into a plugin directory by hand, next to the scripts that they replace, run by Python. */
class ProbeAndScript {
  readonly probes = new Stand()
  readonly scripts = new Stand()
  readonly log = join(this.probes.root, "cni.log")
  readonly scriptLog = join(this.scripts.root, "cni.log")

  constructor(t: TestContext) {
    t.after(() => {
      for (const stand of [this.probes, this.scripts]) stand.remove()
    })
    // By hand: a copy of the executable with another name, and nothing else.
    rmSync(join(this.probes.bin, ".cnitap"), { recursive: true })
    // The scripts import a module that they do not use and that is not part of Python.
    writeFileSync(join(this.scripts.bin, "netifaces.py"), "")
    for (const name of ["cni_pre.py", "cni_post.py"]) {
      copyFileSync(RELAY, join(this.probes.bin, name))
      const script = readFileSync(join(import.meta.dirname, "../doubles/scripts", name), "utf8")
        .replace("'/tmp/cni.log'", JSON.stringify(this.scriptLog))
        .replace("'/var/run/lock/cni.lock'", JSON.stringify(join(this.scripts.root, "cni.lock")))
      writeFileSync(join(this.scripts.bin, name), script, { mode: 0o755 })
    }
  }

  /** Runs both with the same call. The stanza sets the probe's log file, because the default is a real path. */
  async run({ plugin, env, stdin }: Difference): Promise<{ script: Reply; probe: Reply }> {
    for (const path of [this.log, this.scriptLog]) rmSync(path, { force: true })
    const script = await this.scripts.run(plugin, { env, stdin })
    const probe = await this.probes.run(plugin, { env, stdin: withLog(stdin, this.log) })
    return {
      script: answer(script, this.scriptLog),
      probe: answer(probe, this.log, (text) => text.replaceAll(`, "logFile": ${JSON.stringify(this.log)}`, "")),
    }
  }
}

type Difference = { plugin: "cni_pre.py" | "cni_post.py"; env: Record<string, string>; stdin: string }
/** `stderr`: only whether there was any, because the scripts print a traceback. */
type Reply = { stdout: string; hasStderr: boolean; code: number | null; log: string }

function answer({ stdout, stderr, code }: Seen, log: string, clean = (text: string) => text): Reply {
  const text = existsSync(log) ? readFileSync(log, "utf8") : ""
  return { stdout: Buffer.from(stdout, "latin1").toString(), hasStderr: stderr !== "", code, log: clean(text) }
}

function pick(seen: Reply, wanted: Partial<Reply>): Partial<Reply> {
  return Object.fromEntries(Object.entries(seen).filter(([key]) => key in wanted))
}

/** The settings are at the end of the stanza, so that they can be removed from the logged text. */
function withLog(stdin: string, log: string): string {
  return stdin.endsWith("}") ? `${stdin.slice(0, -1)},"logFile":${JSON.stringify(log)}}` : stdin
}

const ID = "280718f61fd143ce1e75e9a40557129559098a9fb911d909a07f84fd6f8532e2"
const on = (command: string, id = ID) => ({ CNI_COMMAND: command, CNI_CONTAINERID: id })
const REQUEST = '{"cniVersion":"0.4.0","name":"k8s-pod-network","type":"cni_pre.py"}'
const RESULT =
  '{"cniVersion":"0.4.0","interfaces":[{"name":"calic440f455693"}],"ips":[{"version":"4","address":"10.244.19.140/32"}],"dns":{}}'
const CHAINED = `{"cniVersion":"0.4.0","name":"k8s-pod-network","prevResult":${RESULT},"type":"cni_post.py"}`

test("the log of the scripts: ADD before and after the chain, and DEL", async (t) => {
  const pair = new ProbeAndScript(t)
  for (const [plugin, command, stdin] of [
    ["cni_pre.py", "ADD", REQUEST],
    ["cni_post.py", "ADD", CHAINED],
    ["cni_pre.py", "DEL", REQUEST],
    ["cni_post.py", "DEL", CHAINED],
    ["cni_pre.py", "CHECK", CHAINED],
    ["cni_post.py", "CHECK", CHAINED],
    ["cni_pre.py", "GC", REQUEST],
  ] as const) {
    const { script, probe } = await pair.run({ plugin, env: on(command), stdin })
    assert.deepEqual([probe.log, probe.code], [script.log, script.code], `${plugin} ${command}`)
    assert.equal(script.log === "", !(command === "ADD" || (command === "DEL" && plugin === "cni_post.py")))
    if (command === "ADD") assert.deepEqual(JSON.parse(probe.stdout), JSON.parse(script.stdout))
  }
})

/** Differences, by their names in FORMAT.md; `""` for equivalent JSON. */
const DIFFERENCES: Record<string, Difference & { script: Partial<Reply>; probe: Partial<Reply> }> = {
  "`cniVersion` that `cni_pre` answers": {
    plugin: "cni_pre.py",
    env: on("ADD"),
    stdin: REQUEST.replace("0.4.0", "1.0.0"),
    script: { stdout: '{"cniVersion": "0.4.0"}\n' },
    probe: { stdout: '{"cniVersion":"1.0.0"}' },
  },
  "`prevResult` that `cni_post` answers": {
    plugin: "cni_post.py",
    env: on("ADD"),
    stdin: '{"cniVersion":"1.0.0","prevResult":{ "cniVersion":"1.0.0","x":[1e2,12345678901234567890.0] }}',
    script: { stdout: '{"cniVersion": "1.0.0", "x": [100.0, 1.2345678901234567e+19]}\n' },
    probe: { stdout: '{ "cniVersion":"1.0.0","x":[1e2,12345678901234567890.0] }' },
  },
  "numbers and duplicate keys in the log": {
    plugin: "cni_pre.py",
    env: on("ADD"),
    stdin: '{"cniVersion":"0.4.0","a":1e2,"a":2.50}',
    script: { log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},input={"cniVersion": "0.4.0", "a": 2.5}\n` },
    probe: { log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},input={"cniVersion": "0.4.0", "a": 1e2, "a": 2.50}\n` },
  },
  "text that is not ASCII in the log": {
    plugin: "cni_pre.py",
    env: on("ADD"),
    stdin: '{"cniVersion":"0.4.0","name":"réseau"}',
    script: { log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},input={"cniVersion": "0.4.0", "name": "r\\u00e9seau"}\n` },
    probe: { log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},input={"cniVersion": "0.4.0", "name": "réseau"}\n` },
  },
  "secrets in the log": {
    plugin: "cni_pre.py",
    env: on("ADD"),
    stdin: '{"cniVersion":"0.4.0","policy":{"k8s_auth_token":"hunter2"}}',
    script: {
      log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},input={"cniVersion": "0.4.0", "policy": {"k8s_auth_token": "hunter2"}}\n`,
    },
    probe: {
      log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},input={"cniVersion": "0.4.0", "policy": {"k8s_auth_token": "[redacted]"}}\n`,
    },
  },
  "what DEL and CHECK answer": {
    plugin: "cni_post.py",
    env: on("CHECK"),
    stdin: CHAINED,
    script: { stdout: "{}\n", code: 0 },
    probe: { stdout: "", code: 0 },
  },
  VERSION: {
    plugin: "cni_pre.py",
    env: on("VERSION"),
    stdin: '{"cniVersion":"1.0.0"}',
    script: {
      stdout: '{"cniVersion": "0.4.0", "supportedVersions": ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"]}\n',
      code: 0,
    },
    probe: {
      stdout: '{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}',
      code: 0,
    },
  },
  "VERSION without a container ID": {
    plugin: "cni_pre.py",
    env: { CNI_COMMAND: "VERSION" },
    stdin: "{}",
    script: { stdout: "", code: 1, log: "env CNI_CONTAINERID not found" },
    probe: { code: 0, log: "" },
  },
  "a missing variable": {
    plugin: "cni_post.py",
    env: { CNI_COMMAND: "ADD" },
    stdin: CHAINED,
    script: { stdout: "", code: 1, log: "env CNI_CONTAINERID not found" },
    probe: {
      stdout: '{"cniVersion":"1.1.0","code":4,"msg":"required env variables [CNI_CONTAINERID] missing"}',
      code: 1,
      log: "env CNI_CONTAINERID not found\n",
    },
  },
  "`prevResult` is missing": {
    plugin: "cni_post.py",
    env: on("ADD"),
    stdin: '{"cniVersion":"0.4.0","type":"cni_post.py"}',
    script: { stdout: "", hasStderr: true, code: 1, log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},output=` },
    probe: {
      stdout: '{"cniVersion":"0.4.0"}',
      hasStderr: false,
      code: 0,
      log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},input={"cniVersion": "0.4.0", "type": "cni_post.py"}\n`,
    },
  },
  "stdin that is not JSON": {
    plugin: "cni_pre.py",
    env: on("ADD"),
    stdin: "{broken}",
    script: { stdout: "", hasStderr: true, code: 1, log: "" },
    probe: {
      stdout: '{"cniVersion":"0.1.0"}',
      hasStderr: false,
      code: 0,
      log: `CNI_COMMAND=ADD,CNI_CONTAINERID=${ID},input={broken}\n`,
    },
  },
  "control characters in an ID or in stdin that is not JSON": {
    plugin: "cni_post.py",
    env: on("DEL", "c1\nc2"),
    stdin: "{}",
    script: { log: "CNI_COMMAND=DEL,CNI_CONTAINERID=c1\nc2,input={}\n" },
    probe: { log: "CNI_COMMAND=DEL,CNI_CONTAINERID=c1\\x0ac2,input={}\n" },
  },
}

for (const [name, { script, probe, ...call }] of Object.entries(DIFFERENCES)) {
  test(`a difference from the scripts: ${name}`, async (t) => {
    const seen = await new ProbeAndScript(t).run(call)
    assert.deepEqual(pick(seen.script, script), script, "the script")
    assert.deepEqual(pick(seen.probe, probe), probe, "the probe")
    assert.notDeepEqual(pick(seen.probe, script), script)
  })
}

test("FORMAT.md lists these differences, those of the log file, and no other", () => {
  const page = readFileSync(join(import.meta.dirname, "../../FORMAT.md"), "utf8")
  const section = page.split("\n### Differences from the scripts\n")[1]?.split("\n## ")[0] ?? ""
  const listed = [...section.matchAll(/^\| ([^|]+?) *\|/gm)].map(([, cell]) => cell).slice(2)
  assert.deepEqual(
    listed.toSorted(),
    [...Object.keys(DIFFERENCES), "the log file", "a log that cannot be written"].toSorted(),
  )
})

test("an empty container ID is logged as by the scripts", async (t) => {
  const pair = new ProbeAndScript(t)
  const { script, probe } = await pair.run({ plugin: "cni_pre.py", env: on("ADD", ""), stdin: REQUEST })
  assert.deepEqual(probe.log, script.log)
  assert.deepEqual([probe.code, script.code], [0, 0])
})

test("a log that cannot be written: the script fails the pod; the probe reports it on stderr and the pod works", async (t) => {
  const pair = new ProbeAndScript(t)
  const call = { plugin: "cni_pre.py", env: on("ADD"), stdin: REQUEST } as const
  const missing = join(pair.probes.root, "missing/cni.log")
  symlinkSync(join(pair.probes.root, "elsewhere"), pair.log)
  for (const [log, why] of [
    [missing, missing],
    [pair.log, pair.log],
    ["cni.log", "cni.log"],
  ] as const) {
    const seen = await pair.probes.run(call.plugin, { env: call.env, stdin: withLog(call.stdin, log) })
    assert.deepEqual(seen, {
      stdout: '{"cniVersion":"0.4.0"}',
      stderr: `cnitap: cannot append to the log ${why}; set "logFile" to a file in an existing directory\n`,
      code: 0,
      signal: null,
      files: {},
    })
  }
  assert.equal(existsSync(join(pair.probes.root, "elsewhere")), false)
  mkdirSync(pair.scriptLog)
  assert.equal((await pair.scripts.run(call.plugin, call)).code, 1)
})

test("the log file has mode 0600; if the settings name a capture, there is no log", async (t) => {
  const pair = new ProbeAndScript(t)
  await pair.run({ plugin: "cni_pre.py", env: on("ADD"), stdin: REQUEST })
  assert.equal((statSync(pair.log).mode & 0o777).toString(8), "600")
  rmSync(pair.log)
  const stdin = `${REQUEST.slice(0, -1)},"capture":${JSON.stringify(pair.probes.capture)}}`
  assert.equal((await pair.probes.run("cni_pre.py", { env: on("ADD"), stdin })).stderr, "")
  assert.deepEqual(
    pair.probes.begins().map(({ as, plugin }) => [as, plugin]),
    [["probe", "cni_pre.py"]],
  )
  assert.equal(existsSync(pair.log), false)
})

test("copied by hand, without settings: the log is at the scripts' path, unless an install left the probe", (t) => {
  const root = mkdtempSync(join(tmpdir(), "cnitap-"))
  t.after(() => rmSync(root, { recursive: true }))
  for (const folder of ["opt/cni/bin", "tmp"]) mkdirSync(join(root, folder), { recursive: true })
  const add = (name: string, stdin: string) => {
    copyFileSync(RELAY, join(root, "opt/cni/bin", name))
    // In its own root, which also shows that the executable needs no other file.
    const { status, stdout, stderr } = spawnSync("chroot", [root, `/opt/cni/bin/${name}`], {
      input: stdin,
      env: { ...on("ADD", "c1"), PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      encoding: "utf8",
    })
    assert.deepEqual([status, stderr], [0, ""])
    return stdout
  }
  const log = join(root, "tmp/cni.log")
  add("cni_pre", REQUEST)
  assert.equal(add("cni_post.py", CHAINED), RESULT)
  const lines = [
    'CNI_COMMAND=ADD,CNI_CONTAINERID=c1,input={"cniVersion": "0.4.0", "name": "k8s-pod-network", "type": "cni_pre.py"}',
    'CNI_COMMAND=ADD,CNI_CONTAINERID=c1,output={"cniVersion": "0.4.0", "interfaces": [{"name": "calic440f455693"}], "ips": [{"version": "4", "address": "10.244.19.140/32"}], "dns": {}}',
    "",
  ]
  assert.deepEqual(readFileSync(log, "utf8").split("\n"), lines)
  mkdirSync(join(root, "opt/cni/bin/.cnitap"))
  add("cni_pre", REQUEST)
  assert.deepEqual(readFileSync(log, "utf8").split("\n"), lines)
})
