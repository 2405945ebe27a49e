/**
 * Writes the outputs that examples/README.md shows, from the example and the built command line: `npm run
 * example:page`, after what a command prints has changed.
 */
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { Begin, CaptureRecord } from "../../src/capture/record.ts"

const root = join(import.meta.dirname, "../..")
const EXAMPLE = "examples/failed-pod.cnitap"
const PAGE = join(root, "examples/README.md")

const lines = gunzipSync(readFileSync(join(root, EXAMPLE)))
  .toString()
  .split("\n")
  .filter(Boolean)
  .slice(1)
const begins = lines.map((line): CaptureRecord => JSON.parse(line)).filter((record) => record.kind === "begin")
const commands = [
  ["ls"],
  ["explain", "shop/web-2"],
  ["show", `call/${addOf("web-2", "host-local").id}`],
  ["diff", addOf("db-0", "bridge").id, addOf("web-2", "bridge").id],
  ["who-owns", "10.88.0.2"],
]
const page = readFileSync(PAGE, "utf8").replace(/^```console\n[\s\S]*?^```/gm, () => transcript(commands.shift() ?? []))
writeFileSync(PAGE, page)

/** The last call of this plugin to add this pod. */
function addOf(pod: string, plugin: string): Begin {
  const found = begins.findLast(
    ({ env, ...begin }) =>
      begin.plugin === plugin && env.CNI_COMMAND === "ADD" && `${env.CNI_ARGS};`.includes(`K8S_POD_NAME=${pod};`),
  )
  if (!found) throw new Error(`no ADD of ${pod} by ${plugin} was recorded`)
  return found
}

/** The page's alias names the bundle. */
function transcript(args: string[]): string {
  const command = [join(root, "dist/cnitap.js"), ...args, "--from", EXAMPLE]
  const { stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" })
  if (stderr) throw new Error(stderr)
  return `\`\`\`console\n$ cnitap ${args.join(" ")}\n${stdout.replaceAll(` --from ${EXAMPLE}`, "")}\`\`\``
}
