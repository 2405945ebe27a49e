import { join } from "node:path"
import type { Command } from "commander"
import { DEFAULT_CAPTURE } from "../../capture/default-capture.ts"
import { Fault } from "../../fault/fault.ts"
import { resolvePath } from "../../install/disk/resolve-path.ts"
import { type Capture, openCapture } from "../../store/capture/capture.ts"
import type { Context } from "../context.ts"
import { HOW_TO_RECORD, nothingRecorded } from "./nothing-recorded.ts"
import { collectPaths, namesOption, textOption } from "./option.ts"

/** The flags of every verb that reads a capture. */
export function addCaptures(command: Command): Command {
  return addRoot(command)
    .option(
      "--capture <directory>",
      `capture directory, below --root; repeat it to read several (default: $CNITAP_CAPTURE, else ${DEFAULT_CAPTURE})`,
      collectPaths,
    )
    .option("--from <bundle>", "read a bundle file instead of a directory; repeat it to read several", collectPaths)
}

/** The flag of every verb. A path of the node means the same for all of them, and for $CNITAP_CAPTURE: it is below the root. */
export function addRoot(command: Command): Command {
  return command.option(
    "--root <directory>",
    "mount point of the node's root file system; paths of the node are below it",
    "/",
  )
}

/** The flags above, for a verb that passes on these only. */
export function captureOptions({ root, capture, from }: Record<string, unknown>): Record<string, unknown> {
  return { root, capture, from }
}

/** Whether several captures are read together. */
export function namesSeveral({ capture, from }: Record<string, unknown>): boolean {
  return [capture, from].reduce<number>((count, paths) => count + (namesOption(paths)?.length ?? 0), 0) > 1
}

/** Opens the captures that the flags name. A bundle is a local file; its path is not below `--root`. */
export async function openCaptures(context: Context, options: Record<string, unknown>): Promise<Capture> {
  const bundles = namesOption(options.from) ?? []
  const named =
    namesOption(options.capture) ?? (bundles.length > 0 ? [] : [context.env.CNITAP_CAPTURE ?? DEFAULT_CAPTURE])
  const captures: Capture[] = []
  for (const path of named) {
    const opening = openCapture(nodePath(options, path), textOption(options.root))
    captures.push(
      await opening.catch((error: unknown) => {
        throw emptyUntilExpiry(context, path, error) ?? error
      }),
    )
  }
  for (const path of bundles) captures.push(await (await import("../../store/capture/bundle.ts")).openBundle(path))
  const [only] = captures
  return only && captures.length === 1
    ? only
    : (await import("../../store/capture/merged-capture.ts")).mergeCaptures(captures)
}

/** A capture without a call was removed when the time of its install was over. */
function emptyUntilExpiry({ expired }: Context, path: string, error: unknown): Fault | undefined {
  const install = expired?.find(({ capture }) => capture === path)
  if (!install || !(error instanceof Fault) || error.code !== "CAPTURE_MISSING") return undefined
  return new Fault("CAPTURE_MISSING", nothingRecorded(path, install), HOW_TO_RECORD)
}

/** A path of the node as this process finds it. */
export function nodePath({ root = "/" }: Record<string, unknown>, path: string): string {
  return root === "/" ? path : join(String(root), resolvePath(String(root), path) ?? path)
}
