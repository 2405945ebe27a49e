import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { ClusterNode } from "./cluster-node.ts"

/** Writes what the node finds in the standard places; its own namespaces hide the machine's files. */
export async function configureNode(node: ClusterNode, number: number, pauseImage: string): Promise<void> {
  const write = (path: string, text: string) => node.succeed(["sh", "-c", 'cat > "$0"', path], text)
  await write("/etc/containerd/config.toml", containerdConfig(pauseImage))
  await write("/etc/cni/net.d/10-pods.conflist", JSON.stringify(networkList(number)))
  await node.succeed(["cp", "-r", "/usr/lib/cni/.", "/opt/cni/bin"])
  await write("/opt/cni/bin/trouble", readFileSync(join(import.meta.dirname, "trouble.py"), "utf8"))
  await node.succeed(["chmod", "755", "/opt/cni/bin/trouble"])
  await node.succeed(["python3", "-IS", "-c", ATTRIBUTES])
}

/** Labels, owners and times that a copy without them would lose. */
const ATTRIBUTES = `
import os
os.setxattr("/opt/cni/bin/bridge", "security.selinux", b"system_u:object_r:container_file_t:s0\\0")
os.setxattr("/opt/cni/bin/host-local", "user.vendor", b"debian")
os.chown("/opt/cni/bin/host-local", 0, 50)
for number, name in enumerate(["bridge", "host-local", "trouble"]):
    os.utime("/opt/cni/bin/" + name, ns=(10**18, 10**18 + number))
`

function networkList(number: number): object {
  const ranges = [[{ subnet: `10.88.${number}.0/24` }]]
  return {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      { type: "bridge", bridge: "cni0", isGateway: true, ipam: { type: "host-local", ranges } },
      { type: "trouble" },
    ],
  }
}

function containerdConfig(pauseImage: string): string {
  return `version = 2
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`
}
