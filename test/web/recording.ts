import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A CNI bin directory in which the real relay is in front of small plugins, and the capture that it writes. */
export type Node = {
  root: string
  capture: string
  /** runs one CNI command over a plugin list as libcni does: ADD forward, DEL backward, prevResult passed on */
  operation(command: string, pod: Pod, options?: { list?: string[]; env?: Record<string, string> }): Result
  /** starts one plugin call that does not end by itself */
  begin(plugin: string, command: string, pod: Pod): ChildProcess
  remove(): void
}

export type Pod = { namespace: string; name: string; sandbox: number }
export type Result = { status: number | null; signal: string | null; stdout: string }

export function makeNode(): Node {
  const root = mkdtempSync(join(tmpdir(), "cnitap-web-"))
  const bin = join(root, "bin")
  const capture = join(root, "capture")
  mkdirSync(join(bin, ".cnitap/real"), { recursive: true })
  mkdirSync(capture, { mode: 0o700 })
  // Its calls are processes of this machine: with --root they are looked up here.
  symlinkSync("/proc", join(root, "proc"))
  writeFileSync(join(bin, ".cnitap/relay.json"), JSON.stringify({ format: 1, capture }))
  for (const [name, script] of Object.entries(PLUGINS)) {
    copyFileSync("dist/relay-x86_64", join(bin, name))
    writeFileSync(join(bin, ".cnitap/real", name), `#!/bin/sh\n${script}`)
    chmodSync(join(bin, ".cnitap/real", name), 0o755)
  }
  const children: ChildProcess[] = []
  const call = (plugin: string, command: string, pod: Pod, extra: Record<string, string> = {}) => ({
    path: join(bin, plugin),
    env: {
      PATH: "/usr/bin:/bin",
      CNI_COMMAND: command,
      CNI_PATH: bin,
      ...(command === "STATUS"
        ? {}
        : {
            CNI_CONTAINERID: containerId(pod),
            CNI_NETNS: `/var/run/netns/cni-${containerId(pod).slice(0, 8)}`,
            CNI_IFNAME: "eth0",
            CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name};K8S_POD_UID=${containerId(pod).slice(0, 8)}-0000-4000-8000-000000000001`,
          }),
      ...extra,
    },
  })
  return {
    root,
    capture,
    operation(command, pod, { list = ["bridge", "portmap", "bandwidth"], env } = {}) {
      let prevResult = command === "DEL" || command === "CHECK" ? resultOf(pod) : undefined
      let last: Result = { status: 0, signal: null, stdout: "" }
      for (const plugin of command === "DEL" ? list.toReversed() : list) {
        const { path, env: callEnv } = call(plugin, command, pod, env)
        const { status, signal, stdout } = spawnSync(path, { input: configOf(plugin, prevResult), env: callEnv })
        last = { status, signal, stdout: String(stdout) }
        if (status !== 0) break
        if (command === "ADD") prevResult = JSON.parse(String(stdout))
      }
      return last
    },
    begin(plugin, command, pod) {
      const { path, env } = call(plugin, command, pod)
      const child = spawn(path, { env, stdio: ["pipe", "ignore", "ignore"] })
      child.stdin.end(configOf(plugin, undefined))
      children.push(child)
      return child
    },
    remove() {
      for (const child of children) child.kill("SIGKILL")
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** What a page must cope with, on one node: the everyday, the slow, the failed, the hung, the killed, the hostile. */
export function recordEverything(node: Node): void {
  const web = (name: string, sandbox = 1): Pod => ({ namespace: "shop", name, sandbox })
  node.operation("STATUS", web("x"))
  for (const name of ["web-7d9f8b6c5-2xkqj", "web-7d9f8b6c5-9wlmz", "cart-5c6d7f8b9-hv4tp"])
    node.operation("ADD", web(name))
  node.operation("CHECK", web("web-7d9f8b6c5-2xkqj"))
  // The pool is full at first: the kubelet makes another sandbox and tries again.
  node.operation("ADD", web("orders-0"), { env: { CNITAP_TEST_FULL: "1" } })
  node.operation("DEL", web("orders-0"))
  node.operation("ADD", web("orders-0", 2))
  node.operation("DEL", web("cart-5c6d7f8b9-hv4tp"))
  node.operation("ADD", { namespace: "shop", name: HOSTILE_NAME, sandbox: 1 }, { list: ["hostile"] })
  node.operation("ADD", web("binary"), { list: ["binary"] })
}

export const HOSTILE_NAME = '<img src=x onerror="document.title=`owned`">'

function containerId({ name, sandbox }: Pod): string {
  let hash = 2166136261
  for (const character of `${name}/${sandbox}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619) >>> 0
  return hash.toString(16).padStart(8, "0").repeat(8)
}

function addressOf(pod: Pod): string {
  return `10.244.1.${(Number.parseInt(containerId(pod).slice(0, 4), 16) % 250) + 2}`
}

function resultOf(pod: Pod): object {
  return {
    cniVersion: "1.0.0",
    interfaces: [
      { name: "cni0", mac: "ee:6d:1c:20:4f:5a" },
      { name: "eth0", mac: "02:42:ac:11:00:02", sandbox: `/var/run/netns/cni-${containerId(pod).slice(0, 8)}` },
    ],
    ips: [{ interface: 1, address: `${addressOf(pod)}/24`, gateway: "10.244.1.1" }],
  }
}

function configOf(plugin: string, prevResult: object | undefined): string {
  const config = {
    cniVersion: "1.0.0",
    name: "k8s-pod-network",
    type: plugin,
    ...(plugin === "bridge"
      ? {
          bridge: "cni0",
          isDefaultGateway: true,
          ipam: { type: "host-local", ranges: [[{ subnet: "10.244.1.0/24" }]] },
          policy: { type: "k8s", k8s_auth_token: "hunter2-hunter2" },
        }
      : {}),
    ...(plugin === "portmap" ? { capabilities: { portMappings: true }, snat: true } : {}),
    ...(plugin === "hostile" ? { html: "</script><script>document.title='owned'</script><!--" } : {}),
    ...(prevResult ? { prevResult } : {}),
  }
  return JSON.stringify(config)
}

const RESULT = (extra: string) => `
cat <<END
{
    "cniVersion": "1.0.0",
    "interfaces": [
        {"name": "cni0", "mac": "ee:6d:1c:20:4f:5a"},
        {"name": "vethd1a2b3c4", "mac": "7a:0e:30:11:9c:aa"},
        {"name": "eth0", "mac": "02:42:ac:11:00:02", "sandbox": "$CNI_NETNS"}
    ],
    "ips": [{"interface": 2, "address": "$ip/24", "gateway": "10.244.1.1"}],
    "routes": [{"dst": "0.0.0.0/0", "gw": "10.244.1.1"}]${extra},
    "dns": {}
}
END
`

const ADDRESS = "ip=10.244.1.$(( 0x$(printf %.4s $CNI_CONTAINERID) % 250 + 2 ))\n"

const PLUGINS: Record<string, string> = {
  bridge: `
config=$(cat)
case $CNI_COMMAND in
STATUS) exit 0 ;;
CHECK) sleep 0.004; exit 0 ;;
DEL) printf %s "$config" | "$CNI_PATH/host-local" ; exit 0 ;;
esac
sleep 0.01
reply=$(printf %s "$config" | "$CNI_PATH/host-local") || { printf %s "$reply"; exit 1; }
echo "bridge: veth pair vethd1a2b3c4 <-> eth0 in $CNI_NETNS" >&2
sleep 0.02
${ADDRESS}${RESULT("")}`,
  "host-local": `
cat >/dev/null
[ "$CNI_COMMAND" = ADD ] || exit 0
${ADDRESS}if [ -n "$CNITAP_TEST_FULL" ]; then
  echo "host-local: lock /var/lib/cni/networks/k8s-pod-network/lock taken, 254 of 254 addresses reserved" >&2
  printf '{\\n    "cniVersion": "1.0.0",\\n    "code": 999,\\n    "msg": "failed to allocate for range 0: no IP addresses available in range set: 10.244.1.1-10.244.1.254"\\n}'
  exit 1
fi
sleep 0.003
printf '{"cniVersion":"1.0.0","ips":[{"address":"%s/24","gateway":"10.244.1.1"}],"routes":[{"dst":"0.0.0.0/0"}]}' "$ip"
`,
  portmap: `
cat >/dev/null
[ "$CNI_COMMAND" = ADD ] || exit 0
echo "portmap: iptables -w -t nat -A CNI-HOSTPORT-DNAT ... ok" >&2
${ADDRESS}${RESULT("")}`,
  bandwidth: `
cat >/dev/null
[ "$CNI_COMMAND" = ADD ] || exit 0
${ADDRESS}${RESULT(`,
    "bandwidth": {"ingressRate": 10000000}`)}`,
  hostile: `
cat >/dev/null
printf '<script>document.title="owned"</script><b>bold</b>\\033[31mred\\n' >&2
printf '{"cniVersion":"1.0.0","msg":"<img src=x onerror=document.title=1></script>"}'
exit 1
`,
  panics: `
cat >/dev/null
echo 'not json at all'
echo 'panic: runtime error: invalid memory address' >&2
exit 2
`,
  crashes: `
cat >/dev/null
echo 'fatal error: concurrent map writes' >&2
kill -SEGV $$
`,
  binary: `
cat >/dev/null
printf '\\377\\000\\001not text\\200'
exit 2
`,
  sleeper: `
cat >/dev/null
exec sleep 600
`,
}
