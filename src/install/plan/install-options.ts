export const MODES = ["swap", "path", "chain", "observe"] as const
export type InstallMode = (typeof MODES)[number]

/** What the operator asked for. */
export type InstallOptions = {
  mode: InstallMode
  /** if the mode was to be chosen: why it is not observe */
  notObserved?: string
  /** plugin names; undefined for every plugin that the active list reaches */
  plugins?: string[]
  /** path mode: the directory with relays, which the operator puts first in the runtime's plugin path */
  shimDir: string
  /** override refusals, at the risk that pods lose their network */
  force: boolean
  settings: Settings
}

/** The content of `relay.json`, which src/relay/hosts/config.h reads. */
export type Settings = {
  /** absolute path, as plugins see it */
  capture: string
  raw: boolean
  onlyFailures: boolean
  sampleOneIn?: number
  /** limit of all segments together; undefined: DEFAULT_MAX_SIZE_BYTES */
  maxSizeBytes?: number
  /** wall clock, milliseconds since 1970 */
  untilMs?: number
  /** absolute path; chain mode writes the probe log to it */
  logFile?: string
}

export function settingsText({
  capture,
  raw,
  onlyFailures,
  sampleOneIn,
  maxSizeBytes,
  untilMs,
  logFile,
}: Settings): string {
  const settings = {
    format: 1,
    capture,
    raw,
    ...(onlyFailures ? { onlyFailures } : {}),
    ...(sampleOneIn === undefined ? {} : { sampleOneIn }),
    ...(maxSizeBytes === undefined ? {} : { maxSizeBytes }),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(logFile === undefined ? {} : { logFile }),
  }
  return `${JSON.stringify(settings, null, 2)}\n`
}
