import { FORMAT } from "../../capture/record.ts"
import { Fault } from "../../fault/fault.ts"
import { readRelay } from "../../install/disk/relay-file.ts"
import { VERSION } from "../version.ts"

/** What `cnitap version` prints: all that an issue report needs. `cnitap --version` prints the number alone. */
export function versionText(): string {
  return [
    `cnitap ${VERSION}`,
    `record format ${FORMAT}`,
    `relay ${relayText()}`,
    `${engineText(process.versions)}, ${process.platform} ${process.arch}`,
    "",
  ].join("\n")
}

/** The node executable runs on QuickJS-ng. */
function engineText({ node, "quickjs-ng": engine }: NodeJS.ProcessVersions): string {
  return node ? `Node.js ${node}` : `QuickJS-ng ${engine}`
}

function relayText(): string {
  try {
    const { sha256, sizeBytes } = readRelay()
    return `sha256 ${sha256}, ${sizeBytes} bytes`
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}
