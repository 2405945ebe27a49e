import assert from "node:assert/strict"
import { test } from "node:test"
import { createNamespace } from "../../src/cluster/create-objects.ts"
import { Kubectl } from "../../src/cluster/kubectl.ts"
import { kubectlScript } from "./kubectl-script.ts"

test("a namespace that is gone a moment after it existed is created", async (t) => {
  kubectlScript(t, VANISHING)
  assert.equal(await createNamespace(new Kubectl({}), "1.0.0"), true)
})

/** The namespace is gone when it is looked at. */
const VANISHING = `case "$*" in
*create*) [ -e gone ] && exit; echo 'Error from server (AlreadyExists): namespaces "cnitap" already exists' >&2 ;;
*get*) touch gone; echo 'Error from server (NotFound): namespaces "cnitap" not found' >&2 ;;
esac
exit 1`
