/** Creates pods on a private containerd, first with the relay in front of the plugins, then with the two probes. */
import { spawn } from "node:child_process"
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createTwoFilesPatch } from "diff"
import { FAULTS, Fault } from "../src/fault/fault.ts"
import { containerd1 } from "../test/node/containerd.ts"
import { type PrivateNode, startNode } from "../test/node/private-node.ts"

process.on("uncaughtException", (error) => {
  const text = error instanceof Fault ? `cnitap: ${error.message}; ${error.hint}` : (error.stack ?? String(error))
  process.stderr.write(`\n${text}\n`)
  process.exit(error instanceof Fault ? FAULTS[error.code] : 1)
})

const RELAY = join(import.meta.dirname, "../dist/relay-x86_64")
const CNITAP = join(import.meta.dirname, "../dist/cnitap.js")
const LIST = {
  cniVersion: "1.0.0",
  name: "demo",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipMasq: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
    { type: "bandwidth", capabilities: { bandwidth: true } },
  ],
}
const POD = {
  portMappings: [{ hostPort: 8080, containerPort: 80 }],
  annotations: { "kubernetes.io/ingress-bandwidth": "10M", "kubernetes.io/egress-bandwidth": "20M" },
}

const node = await step("starting a private containerd with bridge, host-local, portmap and bandwidth", () =>
  startNode(containerd1, {
    plugins: ["bridge", "host-local", "portmap", "bandwidth", "loopback"],
    conf: { "10-demo.conflist": `${JSON.stringify(LIST, null, 2)}\n` },
  }),
)
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void node.remove().finally(() => process.exit(130)))
}
const capture = join(node.root, "capture")
const logFile = join(node.root, "cni.log")
const dirs = ["--bin-dir", node.binDir, "--conf-dir", node.confDir]
try {
  title("1. The relay in front of every plugin that the list reaches")
  await cnitap("install", ...dirs, "--capture", capture)
  await pod(node, "nginx")
  await cnitap("ls", "--capture", capture)
  await cnitap("show", await firstId(), "--capture", capture)
  await cnitap("uninstall", ...dirs)

  title("2. By hand: cni_pre first and cni_post last in the list, without an install")
  const list = join(node.confDir, "10-demo.conflist")
  addProbes(list)
  await pod(node, "nginx-again")
  console.log(`$ cat ${logFile}\n${readFileSync(logFile, "utf8")}`)
} finally {
  await step("removing the pods, containerd and every file", () => node.remove())
}
if (existsSync(node.root)) throw new Error(`${node.root} is still there`)

/** What a person does with cp and an editor: the executable under two names, and two entries in the list. */
function addProbes(list: string): void {
  const before = readFileSync(list, "utf8")
  const conf: typeof LIST = JSON.parse(before)
  const probe = (type: string) => ({ type, logFile })
  const plugins = [probe("cni_pre"), ...conf.plugins, probe("cni_post")]
  for (const { type } of [plugins.at(0), plugins.at(-1)].flatMap((stanza) => stanza ?? []))
    copyFileSync(RELAY, join(node.binDir, type))
  const after = `${JSON.stringify({ ...conf, plugins }, null, 2)}\n`
  writeFileSync(list, after)
  console.log(`$ cp relay ${join(node.binDir, "cni_pre")}; cp relay ${join(node.binDir, "cni_post")}`)
  console.log(createTwoFilesPatch(`${list}.prev`, list, before, after))
}

async function pod({ cri, cgroupParent }: PrivateNode, name: string): Promise<void> {
  await step(`the runtime creates pod default/${name} and removes it again`, async () => {
    const id = await cri.runPodSandbox({ namespace: "default", name, uid: name, cgroupParent, ...POD })
    const { ips } = await cri.podSandboxStatus(id)
    await cri.stopPodSandbox(id)
    await cri.removePodSandbox(id)
    return ips.join(", ")
  })
}

async function firstId(): Promise<string> {
  const names = await output(["ls", "--capture", capture, "-o", "name"])
  return names.split("\n")[0]?.replace("operation/", "") ?? ""
}

async function cnitap(...args: string[]): Promise<void> {
  console.log(`$ cnitap ${args.join(" ")}`)
  console.log(await output(args))
}

/** The stdout of a command line; its stderr goes to the terminal. */
function output(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CNITAP, ...args], { stdio: ["ignore", "pipe", "inherit"] })
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk
    })
    child.on("error", reject)
    child.on("close", (code) =>
      code === 0 ? resolve(text) : reject(new Error(`cnitap ${args.join(" ")} ended with ${code}`)),
    )
  })
}

function title(text: string): void {
  console.log(`\n${text}\n${"─".repeat(text.length)}`)
}

/** Prints what is being done, and how long it took. */
async function step<T>(text: string, work: () => Promise<T>): Promise<T> {
  const startMs = performance.now()
  process.stderr.write(`· ${text} …`)
  const result = await work()
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  process.stderr.write(` ${seconds} s${typeof result === "string" && result ? `, ${result}` : ""}\n`)
  return result
}
