import type { Settings } from "./install-options.ts"

/** The settings of an install as they are printed: those of relay.json, with the end as text. */
export type SettingsOutput = Settings & {
  /** RFC 3339; missing without a time limit */
  until?: string
}

export function settingsOutput(settings: Settings): SettingsOutput {
  const { untilMs } = settings
  return { ...settings, ...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }) }
}
