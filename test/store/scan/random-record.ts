import type { Begin, CaptureRecord, End, ProgressRecord } from "../../../src/capture/record.ts"
import type { Random } from "../../capture/random.ts"

/** A record of any kind, with values that need escapes, look like other members, or are missing. */
export function randomRecord(random: Random): CaptureRecord {
  if (random.below(12) === 0) return progress(random)
  return random.below(3) > 0 ? begin(random) : end(random)
}

function progress(random: Random): ProgressRecord {
  return {
    format: 1,
    kind: "progress",
    id: random.pick(["0123456789abcdef", "short", "with blank", "é"]),
    wallMs: random.pick([1795619822441.376, 0.001]),
    monoMs: random.below(1e9) / 1000,
    stdout: { sizeBytes: 0, text: "" },
    stderr: { sizeBytes: 1, text: random.text(20) },
  }
}

function begin(random: Random): Begin {
  const plugin = random.pick(["bridge", "host-local", "host-local", "a b", "x", "näme"])
  return {
    format: 1,
    kind: "begin",
    id: random.pick(["0123456789abcdef", "short", "with blank", "é"]),
    ...(random.below(2) > 0 ? { parent: random.pick(["fedcba9876543210", "", "p"]) } : {}),
    depth: random.below(3),
    as: random.pick(["relay", "relay", "probe", "observer"]),
    wallMs: random.pick([1795619822441.376, 1795619822441, 0.001, 1234567890123456800]),
    monoMs: random.below(1e9) / 1000,
    ...(random.below(3) > 0 ? { node: random.pick(["worker-1", "worker-17", "n", 'we"ird', ""]) } : {}),
    pid: random.below(4_000_000),
    ppid: random.below(4_000_000),
    ...(random.below(3) > 0 ? { parentName: random.pick(["containerd", "crio", "multus", "x", "näme"]) } : {}),
    plugin,
    path: random.pick([`/opt/cni/bin/${plugin}`, `/b/${random.text(5)}`]),
    argv: random.pick([[plugin], [plugin, '],"env":{"CNI_COMMAND":"DEL"}'], []]),
    env: env(random),
    envNames: random.pick([["PATH"], ["PATH", "HOME"], [], ['],"stdin":{']]),
    ...(random.below(3) > 0 ? { original: { sizeBytes: 1, modifiedMs: 2 } } : {}),
    ...(random.below(5) > 0 ? { stdin: stdin(random) } : {}),
  }
}

/** CNI_ARGS with repeated pairs, pairs without a value, and pairs that only resemble those of a pod. */
function env(random: Random): Record<string, string> {
  const pair = () =>
    random.pick([
      "K8S_POD_NAMESPACE=shop",
      "K8S_POD_NAME=web-0",
      "K8S_POD_NAME=",
      "K8S_POD_UID=u-1",
      "K8S_POD_NAMESPACE=ci",
      "IgnoreUnknown=1",
      "X_K8S_POD_NAME=no",
      "K8S_POD_NAMES=no",
      "=",
      "",
      random.text(3),
    ])
  const all: Record<string, string> = {
    CNI_COMMAND: random.pick(["ADD", "DEL", ""]),
    CNI_CONTAINERID: random.pick(["4f1c9d", "17cfeab6be3ee32184718ba6fb1a4117818dc6d399f1aa60502092bbb7330c8f", ""]),
    CNI_NETNS: random.pick(["/var/run/netns/cni-71", "/proc/1/ns/net", 'a"b']),
    CNI_IFNAME: random.pick(["eth0", "net1", "é"]),
    CNI_ARGS: Array.from({ length: random.below(6) }, pair).join(";"),
    CNI_PATH: "/opt/cni/bin",
    CNI_IFNAMES: "no",
    TRACEPARENT: random.text(4),
  }
  return Object.fromEntries(Object.entries(all).filter(() => random.below(5) > 0))
}

function stdin(random: Random): NonNullable<Begin["stdin"]> {
  if (random.below(9) === 0) return { sizeBytes: 3, base64: "AP8B" }
  const config = {
    ...(random.below(3) > 0 ? { cniVersion: random.pick(["1.0.0", 'v"\\1', ""]) } : {}),
    ...(random.below(3) > 0 ? { ipam: { dataDir: random.pick(["/d", 'd"']), name: "inner" } } : {}),
    ...(random.below(3) > 0 ? { name: random.pick(["pods", 'nét\\"c', ""]) } : {}),
  }
  const text = random.pick([JSON.stringify(config), JSON.stringify(config, undefined, 2)])
  return { sizeBytes: Buffer.byteLength(text), ...(random.below(2) > 0 ? { redacted: ["/a"] } : {}), text }
}

function end(random: Random): End {
  const exit = random.pick<End["exit"]>([{ code: 0 }, { code: 0 }, { code: 7 }, { signal: 9 }, { errno: 2 }])
  const text = random.pick([
    JSON.stringify({ ips: [{ address: "10.1.2.3/24" }, { address: "fd00::1/64" }] }),
    JSON.stringify({ code: 11, msg: random.text(9) }),
    "",
  ])
  return {
    format: 1,
    kind: "end",
    id: random.pick(["0123456789abcdef", "e"]),
    wallMs: 1795619822441.376,
    monoMs: 3029545.208,
    ...(random.below(2) === 0 ? { pluginPid: random.below(4_000_000) } : {}),
    durationMs: random.below(1e6) / 1000,
    spawnMs: 0.25,
    exit,
    usage: { maxRssBytes: 1, userMs: 1.5, systemMs: 0 },
    ...(random.below(5) === 0 ? { stdin: stdin(random) } : {}),
    stdout: { sizeBytes: text.length, text },
    stderr: random.pick<End["stderr"]>([
      { sizeBytes: 0, text: "" },
      { sizeBytes: 9, text: random.text(9) },
    ]),
  }
}
