/**
 * A double of kubectl: a cluster in the directory of $FAKE_CLUSTER. `cluster.json` has its nodes by name, each with a
 * root directory, and what is wrong; `pods/NAME.json` are the pods of our namespace. A container is the real program,
 * started with the node's root instead of /host: `exec` runs it, and a pod that is created runs it until it is deleted.
 */
const { spawn, spawnSync } = require("node:child_process")
const fs = require("node:fs")
const path = require("node:path")

const directory = process.env.FAKE_CLUSTER
const cluster = JSON.parse(fs.readFileSync(path.join(directory, "cluster.json"), "utf8"))
const podsDirectory = path.join(directory, "pods")
const args = process.argv.slice(2).filter((arg) => !/^--(context|kubeconfig)=/.test(arg))
fs.appendFileSync(path.join(directory, "calls.jsonl"), `${JSON.stringify(process.argv.slice(2))}\n`)

void main()

async function main() {
  if (cluster.fails) fail(cluster.fails)
  const [verb, kind] = args
  if (cluster.forbidden?.includes(`${verb} ${kind}`) || cluster.forbidden?.includes(verb))
    fail(
      `Error from server (Forbidden): ${kind ?? verb} is forbidden: User "dev" cannot ${verb} resource in the namespace "cnitap"`,
    )
  if (verb === "get" && kind === "pods") print(list(getPods()))
  else if (verb === "get" && kind === "nodes") print(list(getNodes()))
  else if (verb === "get" && kind === "namespace") process.stdout.write("Active")
  else if (verb === "exec") exec()
  else if (verb === "logs") process.stdout.write(readLog(positional()[1]))
  else if (verb === "create") create(fs.readFileSync(0, "utf8"))
  else if (verb === "delete") await remove()
  else fail(`error: unknown command "${verb}"`)
}

function fail(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

function list(items) {
  return { apiVersion: "v1", kind: "List", items }
}

function flag(...names) {
  for (const name of names) {
    const at = args.indexOf(name)
    if (at >= 0) return args[at + 1]
  }
  return undefined
}

/** Arguments that are neither flags nor values of flags. */
function positional() {
  const withValue = ["-n", "-l", "-o", "-c", "--field-selector", "--selector"]
  return args.filter((arg, at) => !arg.startsWith("-") && !withValue.includes(args[at - 1]))
}

function allPods() {
  return fs
    .readdirSync(podsDirectory)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(fs.readFileSync(path.join(podsDirectory, name), "utf8")))
}

function getPods() {
  const [, name] = /^metadata\.name=(.*)$/.exec(flag("--field-selector") ?? "") ?? []
  if (name !== undefined)
    return (cluster.pods ?? []).filter(({ metadata }) => metadata.name === name && isIn(metadata.namespace))
  return allPods().filter(isSelected).map(withStatus)
}

function isIn(namespace) {
  const wanted = flag("-n")
  return wanted === undefined || wanted === namespace
}

function isSelected({ metadata }) {
  return (flag("-l") ?? "").split(",").every((pair) => {
    const [key, value] = pair.split("=")
    return pair === "" || metadata.labels[key] === value
  })
}

function getNodes() {
  const selector = flag("-l")
  return Object.entries(cluster.nodes)
    .filter(([, { labels = {} }]) =>
      (selector ?? "").split(",").every((pair) => pair === "" || labels[pair.split("=")[0]] === pair.split("=")[1]),
    )
    .map(([name, { labels = {}, isReady = true }]) => ({
      metadata: { name, labels },
      status: { conditions: [{ type: "Ready", status: isReady ? "True" : "Unknown" }] },
    }))
}

/** What the kubelet would report: the container runs as long as its process does. */
function withStatus(pod) {
  const node = cluster.nodes[pod.spec.nodeName] ?? {}
  const status = (phase, state, isReady) => ({
    ...pod,
    status: {
      phase,
      conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
      ...(state ? { containerStatuses: [{ state, started: isReady }] } : {}),
    },
  })
  if (node.imageError) return status("Pending", { waiting: node.imageError }, false)
  if (node.isUnreachable) return { ...pod, status: { phase: "Pending", conditions: [] } }
  const unknown = unknownCapability(pod, node)
  if (unknown !== undefined) {
    const message = `failed to generate spec: unknown capability to add: "CAP_${unknown}"`
    return status("Failed", { terminated: { reason: "StartError", message, exitCode: 128 } }, false)
  }
  const process = readProcess(pod.metadata.name)
  if (!process) return status("Running", { running: {} }, true)
  if (process.exitCode === undefined && isAlive(process.pid))
    return status("Running", { running: {} }, isInstalled(pod))
  const exitCode = process.exitCode ?? 137
  return status(
    exitCode === 0 ? "Succeeded" : "Failed",
    { terminated: { reason: exitCode === 0 ? "Completed" : "Error", exitCode } },
    false,
  )
}

function unknownCapability({ spec }, node) {
  const added = spec.containers?.[0]?.securityContext?.capabilities?.add ?? []
  return added.find((name) => name === node.unknownCapability)
}

function isInstalled(pod) {
  return /^installed/m.test(readLog(pod.metadata.name))
}

function readProcess(name) {
  try {
    const own = JSON.parse(fs.readFileSync(path.join(podsDirectory, `${name}.process`), "utf8"))
    const code = path.join(podsDirectory, `${name}.exit`)
    return fs.existsSync(code) ? { ...own, exitCode: Number(fs.readFileSync(code, "utf8")) } : own
  } catch {
    return undefined
  }
}

/** A process that has ended and whose parent has not read its status does not count. */
function isAlive(pid) {
  try {
    return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return false
  }
}

function readLog(name) {
  try {
    return fs.readFileSync(path.join(podsDirectory, `${name}.log`), "utf8")
  } catch {
    return ""
  }
}

/** In this process: kubectl exits with the status of the command, and says so. */
function exec() {
  const [, name] = positional()
  const file = path.join(podsDirectory, `${name}.json`)
  if (!fs.existsSync(file)) fail(`Error from server (NotFound): pods "${name}" not found`)
  const pod = JSON.parse(fs.readFileSync(file, "utf8"))
  const node = cluster.nodes[pod.spec.nodeName]
  if (node.execError) fail(node.execError)
  if (node.isUnreachable)
    fail(`Error from server: error dialing backend: dial tcp ${node.address ?? "10.0.0.9"}:10250: i/o timeout`)
  const command = args.slice(args.indexOf("--") + 1)
  process.env.CNITAP_CAPTURE = captureOf(pod)
  if (!cluster.program.endsWith(".js")) return executed(atRoot(command.slice(1), node))
  process.argv = [process.argv[0], cluster.program, ...atRoot(command.slice(1), node)]
  process.on("exit", (code) => {
    if (code !== 0) fs.writeSync(2, `command terminated with exit code ${code}\n`)
  })
  const { now } = Date
  Date.now = () => now() + (node.clockOffsetMs ?? 0)
  require(cluster.program)
}

/** The node executable, as in the image. */
function executed(args) {
  const { status } = spawnSync(cluster.program, args, { stdio: "inherit" })
  if (status !== 0) fs.writeSync(2, `command terminated with exit code ${status}\n`)
  process.exitCode = status ?? 1
}

function captureOf(pod) {
  return pod.spec.containers?.[0]?.env?.find(({ name }) => name === "CNITAP_CAPTURE")?.value ?? "/capture"
}

function atRoot(command, { root }) {
  return command.map((arg) => (arg === "/host" ? root : arg))
}

/** Starts the containers of the pods. */
function create(text) {
  const object = JSON.parse(text)
  const created = []
  for (const item of object.kind === "List" ? object.items : [object]) {
    if (item.kind === "Namespace") {
      const file = path.join(directory, "namespace.json")
      if (fs.existsSync(file)) {
        process.stderr.write('Error from server (AlreadyExists): namespaces "cnitap" already exists\n')
        process.exitCode = 1
        continue
      }
      fs.writeFileSync(file, JSON.stringify(item))
    } else {
      fs.appendFileSync(path.join(directory, "created.jsonl"), `${JSON.stringify(item)}\n`)
      startPod(item)
    }
    created.push(`${item.kind.toLowerCase()}/${item.metadata.name}`)
  }
  process.stdout.write(created.map((name) => `${name} created\n`).join(""))
}

function startPod(pod) {
  const base = path.join(podsDirectory, pod.metadata.name)
  fs.writeFileSync(`${base}.json`, JSON.stringify(pod))
  const node = cluster.nodes[pod.spec.nodeName]
  if (!node || node.imageError || node.isUnreachable || unknownCapability(pod, node) !== undefined) return
  const [container] = pod.spec.containers
  const log = fs.openSync(`${base}.log`, "a")
  // The shell stays to note how it ended, as a container runtime does.
  const child = spawn(
    "/bin/sh",
    ["-c", 'trap "" TERM; "$@"; echo $? > "$0"', `${base}.exit`, ...wrapped(container, node)],
    {
      detached: true,
      stdio: ["ignore", log, log],
      env: { PATH: process.env.PATH, CNITAP_CAPTURE: captureOf(pod), ...(cluster.env ?? {}) },
    },
  )
  fs.writeFileSync(`${base}.process`, JSON.stringify({ pid: child.pid }))
  child.unref()
}

function wrapped({ args: own }, node) {
  // A signal that the shell ignores would be ignored by what it starts.
  const program = cluster.program.endsWith(".js") ? [process.execPath, cluster.program] : [cluster.program]
  return ["env", "--default-signal=TERM", ...program, ...atRoot(own, node)]
}

async function remove() {
  const [, kind, ...names] = positional()
  if (kind === "namespace") {
    fs.rmSync(path.join(directory, "namespace.json"), { force: true })
    for (const { metadata } of allPods()) await endPod(metadata.name)
  } else {
    const chosen =
      names.length > 0
        ? names
        : allPods()
            .filter(isSelected)
            .map(({ metadata }) => metadata.name)
    for (const name of chosen) await endPod(name)
  }
}

async function endPod(name) {
  const base = path.join(podsDirectory, name)
  const own = readProcess(name)
  if (own && own.exitCode === undefined) {
    try {
      process.kill(-own.pid, "SIGTERM")
    } catch {
      // It has just ended.
    }
    for (let waited = 0; isAlive(own.pid) && waited < 1000; waited++) await new Promise((done) => setTimeout(done, 20))
  }
  for (const end of ["json", "log", "exit", "process"]) fs.rmSync(`${base}.${end}`, { force: true })
  process.stdout.write(`pod "${name}" deleted\n`)
}
