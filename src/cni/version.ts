/** Every released version of the specification, oldest first. */
export const SPEC_VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const

/** The version libcni assumes for a configuration without `cniVersion` (pkg/types/create DecodeVersion). */
export const VERSION_WHEN_MISSING = "0.1.0"
