import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { createNamespace } from "../../src/cluster/create-objects.ts"
import { Kubectl } from "../../src/cluster/kubectl.ts"

/** Its namespace is gone when it is looked at. */
const KUBECTL = `#!/bin/sh
cd "\${0%/*}"
case "$*" in
*create*) [ -e gone ] && exit; echo 'Error from server (AlreadyExists): namespaces "cnitap" already exists' >&2 ;;
*get*) touch gone; echo 'Error from server (NotFound): namespaces "cnitap" not found' >&2 ;;
esac
exit 1
`

test("a namespace that is gone a moment after it existed is created", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-create-"))
  const { PATH } = process.env
  t.after(() => {
    process.env.PATH = PATH
    rmSync(directory, { recursive: true })
  })
  writeFileSync(join(directory, "kubectl"), KUBECTL, { mode: 0o755 })
  process.env.PATH = `${directory}:${PATH}`
  assert.equal(await createNamespace(new Kubectl({}), "1.0.0"), true)
})
