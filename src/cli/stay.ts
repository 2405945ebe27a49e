import { FAULTS } from "../fault/fault.ts"
import type { InstallRecord } from "../install/disk/journal.ts"
import { readRelay } from "../install/disk/relay-file.ts"
import { purge } from "../install/undo/purge.ts"
import { removeShimDir, uninstallAll } from "../install/undo/uninstall.ts"
import { Watch } from "../install/watch/watch.ts"
import type { Context } from "./context.ts"
import { installsOf, openNode } from "./node/node.ts"

/**
 * Watches an install until it expires, is uninstalled by another process, or the signal aborts, and then uninstalls. Exits
 * with 5 if a file could not be restored.
 */
export async function stay(
  context: Context,
  options: Record<string, unknown>,
  install: Omit<InstallRecord, "binDir">,
  end: AbortSignal,
): Promise<void> {
  const report = (text: string) => {
    context.stdout.write(`${new Date(context.nowMs()).toISOString()} ${text}\n`)
  }
  const detect = () => openNode(options)
  const { disk, installDirs, shimDir, undoContext } = detect()
  await new Watch({ disk, relay: readRelay(), installDirs, shimDir, detect, nowMs: context.nowMs }, report).run(end)
  const isPurged = options.purge === true
  const { binDirs, notRestored, tombstones } = uninstallAll(disk, installDirs, undoContext, isPurged)
  removeShimDir(disk, shimDir)
  if (isPurged) purge(disk, { ...install, binDir: "" })
  if (binDirs.length > 0) report(`uninstalled from ${binDirs.join(", ")}`)
  for (const { path, reason } of notRestored) report(`left as it is: ${path} ${reason}`)
  for (const { path, namedBy } of tombstones)
    report(`stays for now, recording nothing: ${path}, named by ${namedBy.join(", ")}`)
  const left = installsOf(detect()).map(({ binDir }) => binDir)
  report(left.length === 0 ? "nothing is installed any more" : `still installed in ${left.join(", ")}`)
  if (notRestored.some(({ isBlocking }) => isBlocking)) context.exitCode = FAULTS.REFUSED
}
