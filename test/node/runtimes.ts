import { type TestContext, test } from "node:test"
import { type Containerd, containerd1, containerd2 } from "./containerd.ts"
import { podman4 } from "./podman.ts"
import type { Runtime, RuntimeVersion } from "./runtime.ts"

/** What the tests of CRI run on. */
export const CONTAINERDS: readonly RuntimeVersion<Containerd>[] = [containerd1, containerd2]

/** What the tests of an install run on. */
export const RUNTIMES: readonly RuntimeVersion[] = [...CONTAINERDS, podman4]

/** Returns a `test` that runs for each of these runtimes. */
export function testOn<R extends Runtime>(versions: readonly RuntimeVersion<R>[]) {
  return (title: string, body: (on: { version: RuntimeVersion<R>; t: TestContext }) => Promise<void>): void => {
    for (const version of versions) test(`${version.name}: ${title}`, (t) => body({ version, t }))
  }
}
