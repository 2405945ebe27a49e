import type { Command } from "commander"
import { DEFAULT_CAPTURE } from "../../capture/default-capture.ts"
import { Fault } from "../../fault/fault.ts"
import { type InstallOptions, MODES, type Settings } from "../../install/plan/install-options.ts"
import { parseSize } from "../../model/size.ts"
import { parseDuration } from "../../model/time.ts"
import type { Context } from "../context.ts"
import { AUTO, chooseMode } from "../node/auto-mode.ts"
import { DEFAULT_SHIM_DIR } from "../node/default-dirs.ts"
import { collectNames, namesOption, textOption } from "./option.ts"

/** An option whose second value would silently replace the first. */
function onlyOne(flag: string): (value: string, earlier: unknown) => string {
  return (value, earlier) => {
    if (earlier === undefined) return value
    throw new Fault("USAGE", `${flag} is given twice`, "An install records into one directory: name one.")
  }
}

/** The options of `plan` and `install`. */
export function addInstallOptions(command: Command): Command {
  return addCapture(
    command
      .option(
        "--mode <mode>",
        "swap: replace the plugins; path: come first in the plugin path; chain: add cni_pre and cni_post; observe: change nothing, follow them from the kernel; auto: observe where that slows down nothing else, swap elsewhere",
        "swap",
      )
      .option("--plugins <names>", "these plugins instead of all that the active network uses: A,B", collectNames),
  )
    .option("--log-file <file>", "in chain mode: also write the probe log to this file")
    .option("--for <duration>", "stop recording and restore the node after this time: 30m, 2h")
    .option("--sample <1/N>", "record the calls of one container in N")
    .option("--max-size <size>", "limit of the whole capture: the oldest hours are removed first (default: 256MiB)")
    .option("--only-failures", "record only failed calls, after they ended")
    .option("--raw", "do not redact secrets")
    .option("--force", "continue even if pods could lose their network or an agent overwrites the relay")
}

/** The options of `observe`. */
export function addObserveOptions(command: Command): Command {
  return addCapture(
    command.option(
      "--plugins <names>",
      "these plugins instead of every file of the plugin directories: A,B",
      collectNames,
    ),
  )
    .option("--for <duration>", "end after this time: 30m, 2h")
    .option("--max-size <size>", "limit of the whole capture: the oldest hours are removed first (default: 256MiB)")
    .option("--raw", "do not redact secrets")
}

function addCapture(command: Command): Command {
  return command.option(
    "--capture <directory>",
    `directory for the recorded calls (default: $CNITAP_CAPTURE, else ${DEFAULT_CAPTURE})`,
    onlyOne("--capture"),
  )
}

export function installOptionsOf(context: Context, options: Record<string, unknown>): InstallOptions {
  const chosen = modeOf(options)
  const { mode } = chosen
  const { plugins, ...recording } = recordingOptionsOf(context, options)
  const logFile = textOption(options.logFile)
  if (plugins && mode === "chain") {
    throw new Fault("USAGE", "--plugins cannot be combined with --mode chain", "Leave it out, or use --mode swap.")
  }
  if (logFile !== undefined && mode !== "chain") {
    throw new Fault("USAGE", "--log-file requires --mode chain", "Leave it out, or use `cnitap export probe-log`.")
  }
  if (options.onlyFailures === true && mode === "chain") {
    throw new Fault(
      "USAGE",
      "--only-failures cannot be combined with --mode chain",
      "Leave it out: probes do not see failures.",
    )
  }
  if (mode === "observe" && (options.onlyFailures === true || options.sample !== undefined)) {
    const flag = options.onlyFailures === true ? "--only-failures" : "--sample"
    throw new Fault(
      "USAGE",
      `${flag} cannot be combined with --mode observe`,
      "Leave it out and select calls when you read them (--failed, --pod), or use --mode swap.",
    )
  }
  return {
    ...chosen,
    ...(plugins ? { plugins } : {}),
    shimDir: textOption(options.shimDir) ?? DEFAULT_SHIM_DIR,
    force: options.force === true,
    settings: {
      ...recording,
      onlyFailures: options.onlyFailures === true,
      ...sampleOf(textOption(options.sample)),
      ...(logFile === undefined ? {} : { logFile: absolute(logFile, "--log-file") }),
    },
  }
}

function modeOf(options: Record<string, unknown>): ReturnType<typeof chooseMode> {
  if (options.mode === AUTO) return chooseMode(options)
  const mode = MODES.find((known) => known === options.mode)
  if (!mode) throw new Fault("USAGE", `unknown mode ${options.mode}`, `Use one of ${[...MODES, AUTO].join(", ")}.`)
  return { mode }
}

/** What `observe` and `install` have in common. */
export type RecordingOptions = Pick<InstallOptions, "plugins"> &
  Pick<Settings, "capture" | "raw" | "maxSizeBytes" | "untilMs">

export function recordingOptionsOf(context: Context, options: Record<string, unknown>): RecordingOptions {
  const plugins = namesOption(options.plugins)
  const foreign = plugins?.find((name) => name.includes("/"))
  if (foreign)
    throw new Fault("USAGE", `--plugins ${foreign} is a path`, "Name plugins as in the network list: bridge.")
  const capture = textOption(options.capture) ?? context.env.CNITAP_CAPTURE ?? DEFAULT_CAPTURE
  return {
    ...(plugins ? { plugins } : {}),
    capture: absolute(capture, "--capture"),
    raw: options.raw === true,
    ...maxSizeOf(textOption(options.maxSize)),
    ...untilOf(textOption(options.for), context.nowMs()),
  }
}

function sampleOf(sample: string | undefined): { sampleOneIn?: number } {
  if (sample === undefined) return {}
  const oneIn = Number(/^1\/([1-9]\d{0,8})$/.exec(sample)?.[1])
  if (!oneIn) throw new Fault("USAGE", `--sample ${sample} is not a fraction`, "Write --sample 1/10.")
  return oneIn === 1 ? {} : { sampleOneIn: oneIn }
}

/** A smaller limit would not hold a single large result. */
const LEAST_SIZE_BYTES = 1024 * 1024

function maxSizeOf(size: string | undefined): { maxSizeBytes?: number } {
  if (size === undefined) return {}
  const bytes = parseSize(size)
  if (bytes === undefined) throw new Fault("USAGE", `--max-size ${size} is not a size`, "Write --max-size 256MiB.")
  if (bytes < LEAST_SIZE_BYTES) throw new Fault("USAGE", "--max-size must be at least 1MiB", "Write --max-size 256MiB.")
  return { maxSizeBytes: Math.floor(bytes) }
}

function untilOf(duration: string | undefined, nowMs: number): { untilMs?: number } {
  if (duration === undefined) return {}
  const ms = parseDuration(duration)
  if (!ms) throw new Fault("USAGE", `--for ${duration} is not a duration`, "Write --for 30m or --for 2h.")
  return { untilMs: Math.round(nowMs + ms) }
}

function absolute(path: string, flag: string): string {
  if (path.startsWith("/")) return path.length > 1 ? path.replace(/\/+$/, "") : path
  throw new Fault("USAGE", `${flag} ${path} is not absolute`, "Use an absolute path: plugins run in another directory.")
}
