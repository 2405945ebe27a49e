import { execFileSync } from "node:child_process"

/** Executes `bridge` in the root of a node, as a runtime would. */
export function callBridge({ root, binDir }: { root: string; binDir: string }): void {
  const env = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_NETNS: "/var/run/netns/c1", CNI_IFNAME: "eth0" }
  execFileSync("chroot", [root, `${binDir}/bridge`], { env: { PATH: process.env.PATH, ...env }, input: '["out {}"]' })
}
