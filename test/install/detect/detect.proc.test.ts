import assert from "node:assert/strict"
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { detect } from "../../../src/install/detect/detect.ts"
import { runProgram } from "../../../src/install/disk/run-program.ts"
import { mountinfo, plant } from "../plant.ts"
import { conflists } from "./platform-trees.ts"

test("a containerd that runs on this machine is found by its process, with its version and configuration", async (t) => {
  const root = plant(t, {})
  const config = join(root, "config.toml")
  writeFileSync(
    config,
    `version = 2
root = "${root}/root"
state = "${root}/state"
[grpc]
address = "${root}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "${root}/opt"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${root}/bin"
conf_dir = "${root}/net.d"
`,
  )
  const daemon = spawn("containerd", ["--config", config], { stdio: "ignore" })
  const ended = new Promise((resolve) => daemon.once("exit", resolve))
  try {
    const mine = () => detect("/", runProgram).runtimes.find(({ configFile }) => configFile === config)
    for (let tries = 0; (mine()?.evidence.length ?? 0) < 3 && tries < 100; tries++) await sleep(50)
    const version = execFileSync("containerd", ["--version"], { encoding: "utf8" }).split(" ")[2]
    const { evidence, isRunning, confDir, binDirs, socket, version: found } = mine() ?? {}
    assert.deepEqual(
      { evidence, isRunning, confDir: confDir?.value, binDirs: binDirs?.value, socket, version: found },
      {
        evidence: [`process ${daemon.pid}`, config, join(root, "containerd.sock")],
        isRunning: true,
        confDir: join(root, "net.d"),
        binDirs: [join(root, "bin")],
        socket: join(root, "containerd.sock"),
        version,
      },
    )
  } finally {
    daemon.kill("SIGKILL")
    await ended
  }
})

test("without the node's own mount table, this process' table applies, with a read-only volume", (t) => {
  const root = plant(t, { "/opt/cni/bin/bridge": "", "/etc/cni/net.d": "directory" })
  const opt = join(root, "opt")
  execFileSync("mount", ["--bind", opt, opt])
  try {
    execFileSync("mount", ["-o", "remount,bind,ro,noexec", opt])
    const state = () =>
      detect(root, runProgram).mounts.map(({ directory, isReadOnly, isNoexec }) => [directory, isReadOnly, isNoexec])
    assert.deepEqual(state(), [
      ["/etc/cni/net.d", false, false],
      ["/opt/cni/bin", true, true],
    ])
    mkdirSync(join(root, "proc/1"), { recursive: true })
    const [[path, text]] = Object.entries(mountinfo("/ ext4 rw")) as [[string, string]]
    writeFileSync(join(root, path), text)
    assert.deepEqual(state(), [
      ["/etc/cni/net.d", false, false],
      ["/opt/cni/bin", false, false],
    ])
  } finally {
    execFileSync("umount", [opt])
  }
})

test("SELinux: the mode of the kernel, or else of the configuration; labels of directories and active plugins", (t) => {
  const root = plant(t, conflists("containerd-bridge"), {
    "/opt/cni/bin/bridge": "",
    "/etc/selinux/config": "# comment\nSELINUX=permissive\nSELINUXTYPE=targeted\n",
  })
  const label = (path: string, context: string) =>
    execFileSync("python3", [
      "-c",
      "import os,sys\nos.setxattr(sys.argv[1],'security.selinux',sys.argv[2].encode())",
      join(root, path),
      context,
    ])
  label("/opt/cni/bin", "system_u:object_r:bin_t:s0")
  label("/opt/cni/bin/bridge", "system_u:object_r:container_file_t:s0:c1,c2")
  const labels = {
    "/opt/cni/bin": "system_u:object_r:bin_t:s0",
    "/opt/cni/bin/bridge": "system_u:object_r:container_file_t:s0:c1,c2",
  }
  assert.deepEqual(detect(root, runProgram).selinux, { mode: "permissive", labels })
  mkdirSync(join(root, "sys/fs/selinux"), { recursive: true })
  writeFileSync(join(root, "sys/fs/selinux/enforce"), "1")
  assert.deepEqual(detect(root, runProgram).selinux, { mode: "enforcing", labels })
  const live = plant(t, { "/sys/kernel": "directory", "/etc/selinux/config": "SELINUX=enforcing\n" })
  assert.deepEqual(detect(live, runProgram).selinux, { mode: "disabled", labels: {} })
})

test("without root, an unreadable configuration is reported", (t) => {
  const root = plant(t, conflists("calico"), { "/etc/containerd/config.toml": "version = 2\n" })
  chmodSync(root, 0o755)
  const script = `import { detect } from ${JSON.stringify(join(import.meta.dirname, "../../../src/install/detect/detect.ts"))}
process.setgid(65534)
process.setuid(65534)
try { detect(${JSON.stringify(root)}, () => { throw new Error("no process is needed") }) } catch ({ code, message, hint }) { console.log(JSON.stringify({ code, message, hint })) }`
  const asked = (path: string) => {
    chmodSync(join(root, path), 0o600)
    const { stdout } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
      cwd: join(import.meta.dirname, "../../.."),
    })
    chmodSync(join(root, path), 0o755)
    return JSON.parse(stdout)
  }
  for (const path of ["/etc/containerd/config.toml", "/etc/cni/net.d", "/etc/cni/net.d/10-calico.conflist"]) {
    assert.deepEqual(asked(path), {
      code: "NOT_PERMITTED",
      message: `permission denied: cannot read ${path}`,
      hint: "Run cnitap as root.",
    })
  }
})
