import { existsSync } from "node:fs"
import { join } from "node:path"
import { DEFAULT_MAX_SIZE_BYTES } from "../../capture/prune.ts"
import { pluginDirsOf } from "../../install/detect/plugin-dirs.ts"
import { CaptureWriter } from "../../observe/capture-writer.ts"
import { openBpf } from "../../observe/kernel/bpf.ts"
import { Observer, type ObserverOptions } from "../../observe/observer.ts"
import { nodePath } from "../args/captures.ts"
import type { RecordingOptions } from "../args/install-options.ts"
import type { Context } from "../context.ts"
import { endSignal } from "../end-signal.ts"
import { openNode } from "./node.ts"

/** `end`: aborted on Ctrl-C, SIGTERM, and when the time is over. */
export type OpenedObserver = { observer: Observer; directory: string; end: AbortSignal }

/** Starts to follow the plugins of the node that the flags name. Throws a Fault if the kernel or the rights do not allow that. */
export function openObserver(
  context: Context,
  options: Record<string, unknown>,
  { plugins, capture, raw: isRaw, maxSizeBytes, untilMs }: RecordingOptions,
  on: Pick<ObserverOptions, "onEnded" | "onTick">,
): OpenedObserver {
  const bpf = openBpf()
  const { disk, facts } = openNode(options)
  const directory = nodePath(options, capture)
  const observer = new Observer(bpf, {
    ...on,
    plugins,
    isRaw,
    root: facts.root,
    proc: procOf(facts.root),
    directories: () => pluginDirsOf(openNode(options).facts).map((path) => disk.at(path)),
    openWriter: () => new CaptureWriter(directory, maxSizeBytes ?? DEFAULT_MAX_SIZE_BYTES, bpf),
  })
  return { observer, directory, end: endOf(context, untilMs) }
}

/** A container has processes of its own in /proc, and those of the node below the root. */
function procOf(root: string): string {
  const proc = join(root, "proc")
  return existsSync(join(proc, "self")) ? proc : "/proc"
}

function endOf(context: Context, untilMs: number | undefined): AbortSignal {
  const isOver = new AbortController()
  if (untilMs !== undefined) setTimeout(() => isOver.abort(), untilMs - context.nowMs()).unref()
  return AbortSignal.any([endSignal(), isOver.signal])
}
