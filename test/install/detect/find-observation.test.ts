import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { type TestContext, test } from "node:test"
import { findObservation } from "../../../src/install/detect/find-observation.ts"
import { NodeFiles } from "../../../src/install/detect/node-files.ts"
import { noPrograms } from "../no-programs.ts"

const TYPES = { "/sys/kernel/btf/vmlinux": "" }
const kernel = (release: string) => ({ "/proc/sys/kernel/osrelease": `${release}\n` })

function observationOf(t: TestContext, files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), "cnitap-"))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return findObservation(new NodeFiles(root, noPrograms))
}

test("a plan says whether the node's kernel can be observed, and if not, why", (t) => {
  const lockdown = { "/sys/kernel/security/lockdown": "none integrity [confidentiality]\n" }
  assert.deepEqual(
    [
      observationOf(t, { ...kernel("6.1.0-41-amd64"), ...TYPES }),
      observationOf(t, { ...kernel("5.4.0-200-generic"), ...TYPES }),
      observationOf(t, kernel("5.15.0")),
      observationOf(t, { ...kernel("6.1.0"), ...TYPES, ...lockdown }),
      observationOf(t, { ...kernel("6.1.0"), ...TYPES, "/sys/kernel/tracing/events/sched/enable": "" }),
      observationOf(t, { ...kernel("6.1.0"), ...TYPES, "/sys/kernel/tracing/events/raw_syscalls/sys_exit/id": "" }),
      observationOf(t, {}),
    ],
    [
      { possible: true },
      { possible: false, reason: "Linux 5.4.0-200-generic is older than 5.8" },
      { possible: false, reason: "the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)" },
      { possible: false, reason: "the kernel is locked down to confidentiality" },
      { possible: false, reason: "the kernel has no tracepoints of system calls (CONFIG_FTRACE_SYSCALLS)" },
      { possible: true },
      undefined,
    ],
  )
})
