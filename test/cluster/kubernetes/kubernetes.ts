import { type ChildProcess, execFileSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ociArchive } from "../../../scripts/build/oci-image.ts"
import { removeCgroup } from "../../node/cgroup.ts"
import { ClusterNode, connect, signalDaemon } from "./cluster-node.ts"
import { configureNode } from "./configure-node.ts"
import { until, untilEqual } from "./until.ts"

const BOX_IMAGE = "cnitap.local/box:1"
const USERS = { admin: "system:masters", dev: "developers", reader: "developers" }

/**
 * A real Kubernetes of two nodes on this machine: containerd, runc and the kubelet in namespaces of their own, and the
 * control plane on the first node. Everything is in a temporary directory and ends with `stop`.
 */
export class Kubernetes {
  readonly directory = mkdtempSync(join(tmpdir(), "cnitap-kubernetes-"))
  readonly nodes: readonly [ClusterNode, ClusterNode]
  readonly #programs: string
  readonly #kubelets = new Map<ClusterNode, ChildProcess>()

  constructor() {
    this.#programs = execFileSync(join(import.meta.dirname, "build.sh"), { encoding: "utf8" }).trim()
    const programs = [
      join(this.directory, "bin"),
      join(this.#programs, "bin"),
      join(this.#programs, "tools/usr/bin"),
      join(this.#programs, "tools/usr/sbin"),
    ]
    const node = (number: number) =>
      new ClusterNode(`node-${number}`, `10.200.0.${number}`, join(this.directory, `node-${number}`), programs)
    this.nodes = [node(1), node(2)]
  }

  /** Path of a static one. */
  get busybox(): string {
    return join(this.#programs, "tools/bin/busybox")
  }

  async start(): Promise<void> {
    mkdirSync(join(this.directory, "bin"))
    for (const node of this.nodes) await node.start()
    connect(...this.nodes)
    this.#writeKeys()
    const control = this.#startControlPlane()
    for (const [at, node] of this.nodes.entries()) {
      await configureNode(node, at + 1, BOX_IMAGE)
      node.daemon("containerd", ["containerd"])
    }
    await Promise.all(
      this.nodes.map(async (node) => {
        await until(`containerd runs on ${node.name}`, async () => (await node.exec(["ctr", "version"])).code === 0)
        await this.importImage(node, this.#boxImage())
      }),
    )
    await control
    for (const node of this.nodes) this.startKubelet(node)
    await until("both nodes are ready", async () => {
      const { stdout } = await this.kubectl(["get", "nodes"])
      return (stdout.match(/ Ready /g) ?? []).length === this.nodes.length
    })
  }

  stop(): void {
    for (const node of this.nodes) node.stop()
    try {
      removeCgroup("k8s.io")
    } catch {
      // Another container of this machine uses it.
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 })
  }

  /** kubectl on the first node, as one of the users. */
  kubectl(args: readonly string[], { user = "admin", stdin = "" }: { user?: keyof typeof USERS; stdin?: string } = {}) {
    return this.nodes[0].exec(["kubectl", ...args], { stdin, env: this.env(user) })
  }

  /** Runs cnitap on the first node, with kubectl in its path. */
  run(args: readonly string[], user: keyof typeof USERS = "admin") {
    return this.nodes[0].exec(args, { env: this.env(user) })
  }

  /** The same, while it runs; it prints to /var/log/NAME.log. */
  spawn(args: readonly string[], name: string): ChildProcess {
    return this.nodes[0].daemon(name, args, this.env())
  }

  /** What kubectl needs to find the cluster from the first node's network. */
  env(user: keyof typeof USERS = "admin"): { PATH: string; KUBECONFIG: string } {
    return { PATH: this.nodes[0].path, KUBECONFIG: this.#kubeconfig(user) }
  }

  async importImage(node: ClusterNode, archive: string): Promise<void> {
    await node.succeed(["ctr", "-n", "k8s.io", "images", "import", archive])
  }

  startKubelet(node: ClusterNode): void {
    const kubelet = node.daemon("kubelet", [
      "kubelet",
      `--kubeconfig=${this.#kubeconfig("admin")}`,
      "--container-runtime=remote",
      "--container-runtime-endpoint=unix:///run/containerd/containerd.sock",
      "--cgroup-driver=cgroupfs",
      "--cgroups-per-qos=false",
      "--enforce-node-allocatable=",
      "--fail-swap-on=false",
      "--eviction-hard=",
      "--root-dir=/var/lib/kubelet",
      `--node-ip=${node.address}`,
      `--hostname-override=${node.name}`,
      "--authorization-mode=AlwaysAllow",
      "--anonymous-auth=true",
      `--pod-infra-container-image=${BOX_IMAGE}`,
      "--image-gc-high-threshold=100",
      "--node-status-update-frequency=4s",
    ])
    this.#kubelets.set(node, kubelet)
  }

  /** Its pods go on, as on a node whose kubelet has crashed. */
  async stopKubelet(node: ClusterNode): Promise<void> {
    const kubelet = this.#kubelets.get(node)
    if (!kubelet) throw new Error(`no kubelet runs on ${node.name}`)
    const ended = once(kubelet, "exit")
    signalDaemon(kubelet, "SIGTERM")
    await ended
  }

  /** A pod that sleeps, on a node. */
  async createPod(name: string, node: string): Promise<void> {
    const spec = {
      nodeName: node,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "box", image: BOX_IMAGE, imagePullPolicy: "Never" }],
    }
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default" }, spec }
    const { code, stderr } = await this.kubectl(["create", "--validate=false", "-f", "-"], {
      stdin: JSON.stringify(pod),
    })
    if (code !== 0) throw new Error(stderr)
  }

  async awaitPod(name: string, phase = "Running"): Promise<void> {
    const read = ["get", "pod", name, "-o", "jsonpath={.metadata.name} is {.status.phase}"]
    await untilEqual(async () => (await this.kubectl(read)).stdout, `${name} is ${phase}`)
  }

  #kubeconfig(user: string): string {
    return join(this.directory, `${user}.conf`)
  }

  #writeKeys(): void {
    execFileSync("openssl", ["genrsa", "-out", join(this.directory, "sa.key"), "2048"], { stdio: "ignore" })
    const key = join(this.directory, "sa.key")
    execFileSync("openssl", ["rsa", "-in", key, "-pubout", "-out", join(this.directory, "sa.pub")], { stdio: "ignore" })
    const tokens = Object.entries(USERS).map(([user, group]) => `${user}-token,${user},${user},"${group}"\n`)
    writeFileSync(join(this.directory, "tokens.csv"), tokens.join(""))
    for (const user of Object.keys(USERS)) {
      const config = {
        apiVersion: "v1",
        kind: "Config",
        clusters: [
          {
            name: "test",
            cluster: { server: `https://${this.nodes[0].address}:6443`, "insecure-skip-tls-verify": true },
          },
        ],
        users: [{ name: user, user: { token: `${user}-token` } }],
        contexts: [{ name: "test", context: { cluster: "test", user } }],
        "current-context": "test",
      }
      writeFileSync(this.#kubeconfig(user), JSON.stringify(config))
    }
  }

  async #startControlPlane(): Promise<void> {
    const [node] = this.nodes
    const admin = `--kubeconfig=${this.#kubeconfig("admin")}`
    const etcd = "http://127.0.0.1:2379"
    const data = ["--data-dir", "/var/lib/etcd", "--unsafe-no-fsync"]
    node.daemon("etcd", ["etcd", ...data, "--listen-client-urls", etcd, "--advertise-client-urls", etcd])
    node.daemon("kube-apiserver", [
      "kube-apiserver",
      `--etcd-servers=${etcd}`,
      "--cert-dir=/var/lib/apiserver",
      "--secure-port=6443",
      `--token-auth-file=${join(this.directory, "tokens.csv")}`,
      "--authorization-mode=RBAC",
      "--service-cluster-ip-range=10.96.0.0/16",
      "--service-account-issuer=https://test",
      `--service-account-signing-key-file=${join(this.directory, "sa.key")}`,
      `--service-account-key-file=${join(this.directory, "sa.pub")}`,
      "--allow-privileged=true",
      `--advertise-address=${node.address}`,
      "--kubelet-preferred-address-types=InternalIP",
      "--disable-admission-plugins=ServiceAccount",
    ])
    await until(
      "the API server is ready",
      async () => (await this.kubectl(["get", "--raw", "/readyz"])).stdout === "ok",
    )
    const key = `--service-account-private-key-file=${join(this.directory, "sa.key")}`
    node.daemon("kube-controller-manager", [
      "kube-controller-manager",
      admin,
      key,
      "--leader-elect=false",
      "--node-monitor-grace-period=16s",
    ])
    node.daemon("kube-scheduler", ["kube-scheduler", admin, "--leader-elect=false"])
  }

  #boxImage(): string {
    const path = join(this.directory, "box.tar")
    const busybox = readFileSync(this.busybox)
    const config = { Entrypoint: ["/busybox", "sleep", "1000000"], Env: ["PATH=/"], WorkingDir: "/", Labels: {} }
    const layers = {
      [process.arch === "arm64" ? "arm64" : "amd64"]: [{ path: "busybox", mode: 0o755, content: busybox }],
    }
    writeFileSync(path, ociArchive({ name: BOX_IMAGE, layers, config }))
    return path
  }
}
