import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { isObject, parseJson } from "../../cni/json.ts"
import { namesIn } from "../capture/directory.ts"

/** A pod's sandbox on this node. `isHostNetwork`: it has the node's own network, and no plugin is called for it. */
export type PodSandbox = { id: string; namespace: string; name: string; isHostNetwork: boolean }

/** OCI bundles of running containers: of containerd, and of CRI-O. */
const BUNDLES: { directory: string; config: string }[] = [
  { directory: "/run/containerd/io.containerd.runtime.v2.task/k8s.io", config: "config.json" },
  { directory: "/run/containers/storage/overlay-containers", config: "userdata/config.json" },
]

/** Annotations by which runtimes distinguish a pod's sandbox from its containers. */
const ANNOTATIONS: { type: string; namespace: string; name: string }[] = [
  {
    type: "io.kubernetes.cri.container-type",
    namespace: "io.kubernetes.cri.sandbox-namespace",
    name: "io.kubernetes.cri.sandbox-name",
  },
  {
    type: "io.kubernetes.cri-o.ContainerType",
    namespace: "io.kubernetes.pod.namespace",
    name: "io.kubernetes.pod.name",
  },
]

/** The sandboxes that run on the node whose file system is mounted at `root`; empty if they cannot be read. */
export async function readSandboxes(root: string): Promise<PodSandbox[]> {
  const found: PodSandbox[] = []
  for (const { directory, config } of BUNDLES)
    for (const id of await namesIn(join(root, directory)).catch(() => [])) {
      const text = await readFile(join(root, directory, id, config), "utf8").catch(() => "")
      const sandbox = toSandbox(id, text)
      if (sandbox) found.push(sandbox)
    }
  return found
}

function toSandbox(id: string, text: string): PodSandbox | undefined {
  const value = parseJson(text)
  const spec = isObject(value) ? value : undefined
  const annotations = isObject(spec?.annotations) ? spec.annotations : {}
  for (const keys of ANNOTATIONS) {
    const [namespace, name] = [annotations[keys.namespace], annotations[keys.name]]
    if (annotations[keys.type] !== "sandbox" || typeof namespace !== "string" || typeof name !== "string") continue
    return { id, namespace, name, isHostNetwork: !hasOwnNetwork(spec) }
  }
  return undefined
}

/** A container of the node's network has no namespace of its own for it. */
function hasOwnNetwork(spec: Record<string, unknown> | undefined): boolean {
  const namespaces = isObject(spec?.linux) && Array.isArray(spec.linux.namespaces) ? spec.linux.namespaces : []
  return namespaces.some((entry) => isObject(entry) && entry.type === "network")
}
