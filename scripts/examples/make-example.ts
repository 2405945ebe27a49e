/** Makes the pods of examples/README.md and exports what was recorded. scripts/examples/make-example.sh runs it, isolated. */
import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { containerd1 } from "../../test/node/containerd.ts"
import { CriError } from "../../test/node/cri.ts"

const root = join(import.meta.dirname, "../..")
const EXAMPLE = join(root, "examples/failed-pod.cnitap")
const [BIN_DIR, CONF_DIR, CAPTURE] = ["/opt/cni/bin", "/opt/cni/net.d", "/opt/cnitap/capture"]
const PLUGINS = ["bridge", "host-local", "portmap", "bandwidth", "loopback"]
/** Three addresses: the gateway's is not one of them, the fourth pod gets none. */
const RANGE = { subnet: "10.88.0.0/24", rangeStart: "10.88.0.2", rangeEnd: "10.88.0.4" }
const LIST = {
  cniVersion: "1.0.0",
  name: "pods",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipMasq: true,
      ipam: { type: "host-local", ranges: [[RANGE]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
    { type: "bandwidth", capabilities: { bandwidth: true } },
  ],
}

if (hostname() !== "worker-1") throw new Error("run scripts/examples/make-example.sh, which isolates this")
mkdirSync(BIN_DIR, { recursive: true })
mkdirSync(CONF_DIR, { recursive: true })
execFileSync("cp", ["--preserve=mode,timestamps", ...PLUGINS.map((name) => join("/usr/lib/cni", name)), BIN_DIR])
writeFileSync(join(CONF_DIR, "10-pods.conflist"), `${JSON.stringify(LIST, null, 2)}\n`)

const world = mkdtempSync("/opt/example-")
const { cri, cgroupParent, stop } = await containerd1.start(world, {
  binDir: BIN_DIR,
  spareBinDir: `${BIN_DIR}-spare`,
  confDir: CONF_DIR,
})
try {
  cnitap("install", "--bin-dir", BIN_DIR, "--conf-dir", CONF_DIR, "--capture", CAPTURE)
  const portMappings = [{ hostPort: 8080, containerPort: 80 }]
  await add("web-0", { portMappings })
  const web1 = await add("web-1", {})
  await add("db-0", { annotations: { "kubernetes.io/ingress-bandwidth": "10M" } })
  await refused("web-2", 0)
  await refused("web-2", 1)
  await cri.stopPodSandbox(web1)
  await cri.removePodSandbox(web1)
} finally {
  // The pods that are left are not the story's: their DELs are not recorded.
  cnitap("export", "bundle", "--capture", CAPTURE, "--out", `${EXAMPLE}.new`)
  await stop()
}
chmodSync(`${EXAMPLE}.new`, 0o644)
renameSync(`${EXAMPLE}.new`, EXAMPLE)
rmSync(world, { recursive: true, force: true })

function add(name: string, more: object, attempt = 0): Promise<string> {
  return cri.runPodSandbox({ namespace: "shop", name, uid: `${name}-uid`, attempt, cgroupParent, ...more })
}

/** The kubelet tries again, as it would on any node. */
async function refused(name: string, attempt: number): Promise<void> {
  const error: unknown = await add(name, {}, attempt).catch((reason) => reason)
  if (!(error instanceof CriError)) throw new Error(`${name} has a network, which was not the plan`)
}

function cnitap(...args: string[]): void {
  execFileSync(process.execPath, [join(root, "dist/cnitap.js"), ...args], { stdio: "inherit" })
}
