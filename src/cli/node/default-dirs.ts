import { DEFAULT_PLATFORM, PLATFORMS } from "../../install/detect/platforms/known-platforms.ts"

/** The directory of path mode's relays. */
export const DEFAULT_SHIM_DIR = "/opt/cnitap/bin"

/** Where the known platforms keep their plugins. */
export const KNOWN_BIN_DIRS = [...new Set([...PLATFORMS, DEFAULT_PLATFORM].flatMap(({ binDirs }) => binDirs))]
