import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ociArchive } from "../../../scripts/build/oci-image.ts"
import { double } from "../../doubles/double.ts"
import type { Kubernetes } from "./kubernetes.ts"
import { until } from "./until.ts"

const IMAGE = "cnitap.local/agent:1"

/** An agent on each node that executes a host-local of its own image, as Antrea's does. */
export class Agent {
  readonly #cluster: Kubernetes

  /** `busybox`: a static one. */
  static async start(cluster: Kubernetes, busybox: string): Promise<Agent> {
    const archive = join(cluster.directory, "agent.tar")
    const files = [
      { path: "busybox", mode: 0o755, content: readFileSync(busybox) },
      { path: "opt/cni/bin/host-local", mode: 0o755, content: readFileSync(double("plugin")) },
      { path: "opt/cni/bin/host-local.json", mode: 0o644, content: Buffer.from('["echo"]') },
    ]
    const config = { Entrypoint: ["/busybox", "sleep", "1000000"], Env: ["PATH=/"], WorkingDir: "/", Labels: {} }
    const layers = { [process.arch === "arm64" ? "arm64" : "amd64"]: files }
    writeFileSync(archive, ociArchive({ name: IMAGE, layers, config }))
    await Promise.all(cluster.nodes.map((node) => cluster.importImage(node, archive)))
    const agent = new Agent(cluster)
    await agent.#kubectl(["create", "--validate=false", "-f", "-"], JSON.stringify(DAEMON_SET))
    await until("an agent runs on each node", async () => (await agent.#pods()).length === cluster.nodes.length)
    return agent
  }

  private constructor(cluster: Kubernetes) {
    this.#cluster = cluster
  }

  /** Executes its host-local on each node; the container ID is that of its node. */
  async call(stdin: string): Promise<string[]> {
    const pods = await this.#pods()
    return Promise.all(
      pods.map(([pod = "", node]) => {
        const variables = `CNI_COMMAND=ADD CNI_CONTAINERID=of-${node} CNI_IFNAME=eth0 CNI_NETNS=/run/netns/a`
        const script = `${variables} CNI_PATH=/opt/cni/bin /opt/cni/bin/host-local; true`
        return this.#kubectl(["exec", "-i", pod, "--", "/busybox", "sh", "-c", script], stdin)
      }),
    )
  }

  async stop(): Promise<void> {
    await this.#kubectl(["delete", "daemonset", "agent", "--wait=false"])
    await until("the agents are gone", async () => (await this.#pods()).length === 0)
  }

  /** Name and node of those that run. */
  async #pods(): Promise<string[][]> {
    const path = "{range .items[?(@.status.phase=='Running')]}{.metadata.name} {.spec.nodeName}{'\\n'}{end}"
    const listed = await this.#kubectl(["get", "pods", "-l", "app=agent", "-o", `jsonpath=${path}`])
    return listed
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" "))
  }

  async #kubectl(args: readonly string[], stdin = ""): Promise<string> {
    const { stdout, stderr, code } = await this.#cluster.kubectl(args, { stdin })
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`)
    return stdout
  }
}

const DAEMON_SET = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "agent", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "agent" } },
    template: {
      metadata: { labels: { app: "agent" } },
      spec: {
        hostNetwork: true,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        tolerations: [{ operator: "Exists" }],
        containers: [{ name: "agent", image: IMAGE, imagePullPolicy: "Never" }],
      },
    },
  },
}
