/**
 * What each release of libcni does where they differ (its libcni/conf.go, libcni/api.go and pkg/version). A release
 * is bound to the specification versions it was published with: a later version of the specification does not change
 * what an older libcni negotiates.
 */
export const LIBCNI = {
  "1.1": {
    newestSpecVersion: "1.0.0",
    readsCniVersions: false,
    /** keys that must be true or false in a list; others are ignored */
    flags: ["disableCheck"],
    /** a flag may be the text "true" or "false", as version 0.4.0 of the specification has it */
    acceptsTextFlags: false,
    requiresPlugins: true,
    /** adds the plugins of `<configuration directory>/<name>/*.conf` to a list */
    readsSideDirectory: false,
    /** carries on if it cannot read a cached result */
    toleratesBrokenCache: false,
  },
  "1.2": {
    newestSpecVersion: "1.1.0",
    readsCniVersions: true,
    flags: ["disableCheck", "disableGC", "loadOnlyInlinedPlugins"],
    acceptsTextFlags: true,
    requiresPlugins: true,
    readsSideDirectory: false,
    toleratesBrokenCache: true,
  },
  "1.3": {
    newestSpecVersion: "1.1.0",
    readsCniVersions: true,
    flags: ["disableCheck", "disableGC", "loadOnlyInlinedPlugins"],
    acceptsTextFlags: true,
    requiresPlugins: false,
    readsSideDirectory: true,
    toleratesBrokenCache: true,
  },
} as const satisfies Record<string, LibcniBehaviour>

export type LibcniVersion = keyof typeof LIBCNI

/** Assumed where a runtime's libcni is not known. */
export const NEWEST_LIBCNI: LibcniVersion = "1.3"

export type LibcniBehaviour = {
  newestSpecVersion: string
  readsCniVersions: boolean
  flags: readonly ("disableCheck" | "disableGC" | "loadOnlyInlinedPlugins")[]
  acceptsTextFlags: boolean
  requiresPlugins: boolean
  readsSideDirectory: boolean
  toleratesBrokenCache: boolean
}
