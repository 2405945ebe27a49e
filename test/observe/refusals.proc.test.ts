import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { double } from "../doubles/double.ts"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import { Stand } from "../relay/stand.ts"

const NOBODY = 65_534
const stand = new Stand()
const executable = join(stand.root, "cnitap")
const confDir = join(stand.root, "net.d")
mkdirSync(confDir)
copyFileSync(NODE_EXECUTABLE, executable)
for (const path of [stand.root, executable]) chmodSync(path, 0o755)

after(() => stand.remove())

/** What `cnitap observe` says there, within a second. */
function observe(
  within: readonly string[],
  capture = join(stand.root, "new"),
): { stderr: string; status: number | null } {
  const [program = executable, ...args] = [...within, executable]
  const directories = ["--bin-dir", stand.bin, "--conf-dir", confDir, "--capture", capture]
  const { stderr, status } = spawnSync(program, [...args, "observe", ...directories, "--for", "1s"], {
    encoding: "utf8",
  })
  assert.equal(existsSync(join(stand.root, "new")), false)
  return { stderr, status }
}

const asNobody = ["setpriv", "--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups"]
const DENIED = {
  stderr:
    "cnitap: permission denied: cannot create a map. Run as root, or with CAP_BPF and CAP_PERFMON, outside of an unprivileged container.\n",
  status: 4,
}

test("without rights, and as root of an unprivileged container, it is refused in one sentence and nothing is changed", () => {
  assert.deepEqual(observe(asNobody), DENIED)
  assert.deepEqual(observe(["unshare", "-Ur"]), DENIED)
})

test("on a kernel without type information it is refused in one sentence", () => {
  const hidden = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"'
  assert.deepEqual(observe(["unshare", "-m", "sh", "-c", hidden, "sh"]), {
    stderr: `cnitap: this kernel does not describe its types (/sys/kernel/btf/vmlinux is missing). Record with \`cnitap install --bin-dir ${stand.bin} --conf-dir ${confDir}\`.\n`,
    status: 5,
  })
})

test("on a kernel without programs at tracepoints, without a tracepoint or without the system call it is refused in one sentence", () => {
  const [LOAD, OPEN_TRACEPOINT, CREATE_MAP] = [5, 17, 0]
  const { EINVAL, ENOENT, ENOSYS } = constants.errno
  const hint = `Record with \`cnitap install --bin-dir ${stand.bin} --conf-dir ${confDir}\`.`
  const failing = (command: number, code: number) =>
    observe([double("launch"), "-x", `bpf:${command}=${code}`, executable])
  const refused = (why: string) => ({ stderr: `cnitap: this kernel ${why}. ${hint}\n`, status: 5 })
  assert.deepEqual(failing(LOAD, EINVAL), refused("runs no programs at tracepoints (CONFIG_BPF_EVENTS)"))
  assert.deepEqual(failing(OPEN_TRACEPOINT, ENOENT), refused("has no tracepoint sys_exit"))
  assert.deepEqual(failing(CREATE_MAP, ENOSYS), refused("has no bpf system call"))
})

test("--mode auto is swap, and says why, where an observer is refused or would slow down others", () => {
  const planned = (...within: string[]) => {
    const [program = executable, ...args] = [...within, executable]
    const flags = ["--bin-dir", stand.bin, "--conf-dir", confDir, "--mode", "auto", "-o", "json"]
    const { mode, notObserved } = JSON.parse(
      spawnSync(program, [...args, "plan", ...flags], { encoding: "utf8" }).stdout,
    )
    return [mode, notObserved]
  }
  const failing = (command: number, code: number) =>
    planned(double("launch"), "-x", `bpf:${command}=${code}`, executable)
  const [LOAD, CREATE_MAP, CREATE_LINK] = [5, 0, 28]
  const { EBUSY, EPERM } = constants.errno
  const slow = [
    "swap",
    "this kernel does not trace its functions of pipes, so every system call of the node would take longer",
  ]
  assert.deepEqual(failing(LOAD, EPERM), slow)
  assert.deepEqual(failing(CREATE_LINK, EBUSY), slow)
  assert.deepEqual(failing(CREATE_MAP, EPERM), ["swap", "permission denied: cannot create a map"])
  assert.deepEqual(planned(...asNobody), [
    "swap",
    "this process has neither CAP_BPF with CAP_PERFMON nor CAP_SYS_ADMIN (root has them)",
  ])
})

test("CAP_BPF and CAP_PERFMON are enough", () => {
  const capture = join(stand.root, "of-nobody")
  mkdirSync(capture, { mode: 0o700 })
  chownSync(capture, NOBODY, NOBODY)
  const rights = [
    "--inh-caps",
    "+bpf,+perfmon",
    "--ambient-caps",
    "+bpf,+perfmon",
    "--bounding-set",
    "-all,+bpf,+perfmon",
  ]
  assert.deepEqual(observe([...asNobody, ...rights], capture), {
    stderr: `cnitap: observing 0 plugins; the capture is ${capture}\nno call was made\n`,
    status: 0,
  })
  assert.deepEqual(readdirSync(capture), [])
})

test("a capture that others can read is refused", () => {
  const capture = join(stand.root, "open")
  mkdirSync(capture, { mode: 0o755 })
  assert.deepEqual(observe([], capture), {
    stderr: `cnitap: ${capture} can be read by others, and records may hold secrets. Run chmod 700 on it, or name another with --capture.\n`,
    status: 3,
  })
})
