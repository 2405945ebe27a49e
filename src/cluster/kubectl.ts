import { type ChildProcess, spawn } from "node:child_process"
import { Fault } from "../fault/fault.ts"

/** Which cluster: what the user gives to kubectl. */
export type ClusterOptions = { context?: string; kubeconfig?: string }

/** How a kubectl process ended, and what it printed. `silentMs`: it was ended because it had printed nothing for so long. */
export type KubectlResult = { code: number; stdout: string; stderr: string; silentMs?: number }

type RunOptions = {
  stdin?: string
  /** gets what it prints instead of `stdout`; the process waits until it returns */
  onData?: (chunk: Buffer) => void | Promise<void>
  /** how long it may print nothing */
  silenceMs?: number
  /** it may print nothing for as long as it likes, and its stdin stays open until then */
  isEndless?: boolean
}

/** An unreachable kubelet is reported by the API server after 30 s at the latest. */
const SILENCE_MS = 60_000

/**
 * The user's own kubectl, as a child process: it handles contexts, proxies and credential plugins. Arguments are
 * passed as they are, never through a shell. Aborting the signal ends the processes that run.
 */
export class Kubectl {
  readonly #flags: string[]
  readonly #signal: AbortSignal | undefined
  readonly #running = new Set<ChildProcess>()

  constructor({ context, kubeconfig }: ClusterOptions, signal?: AbortSignal) {
    this.#flags = [...(context ? [`--context=${context}`] : []), ...(kubeconfig ? [`--kubeconfig=${kubeconfig}`] : [])]
    this.#signal = signal
    signal?.addEventListener("abort", () => {
      for (const child of this.#running) child.kill("SIGTERM")
    })
  }

  /** The same cluster, for what has to be done after the signal was aborted. */
  withoutSignal(): Kubectl {
    const kubectl = new Kubectl({})
    kubectl.#flags.push(...this.#flags)
    return kubectl
  }

  /** Throws a Fault if kubectl cannot be started, and the signal's reason if it is aborted. */
  async run(
    args: readonly string[],
    { stdin, onData, silenceMs = SILENCE_MS, isEndless }: RunOptions = {},
  ): Promise<KubectlResult> {
    this.#signal?.throwIfAborted()
    const child = spawn("kubectl", [...this.#flags, ...args], {
      stdio: [stdin === undefined && !isEndless ? "ignore" : "pipe", "pipe", "pipe"],
    })
    const ended = new Promise<number>((resolve, reject) => {
      child.on("error", (error: NodeJS.ErrnoException) => reject(notStarted(error)))
      child.on("close", (code) => resolve(code ?? 1))
    })
    const result: KubectlResult = { code: 0, stdout: "", stderr: "" }
    const kill = () => void child.kill("SIGTERM")
    let silence: NodeJS.Timeout | undefined
    const heard = () => {
      clearTimeout(silence)
      if (isEndless) return
      silence = setTimeout(() => {
        result.silentMs = silenceMs
        kill()
      }, silenceMs)
    }
    this.#running.add(child)
    try {
      heard()
      child.stdin?.on("error", () => {})
      if (!isEndless) child.stdin?.end(stdin)
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        heard()
        result.stderr = (result.stderr + text).slice(-MAX_STDERR)
      })
      const chunks: Buffer[] = []
      const reading = (async () => {
        for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
          heard()
          if (onData) await onData(chunk)
          else chunks.push(chunk)
        }
      })()
      const [code] = await Promise.all([ended, reading])
      result.code = code
      result.stdout = Buffer.concat(chunks).toString("utf8")
    } catch (error) {
      kill()
      throw error
    } finally {
      clearTimeout(silence)
      this.#running.delete(child)
    }
    this.#signal?.throwIfAborted()
    return result
  }

  /** What it prints. Throws a Fault with kubectl's words if it fails. */
  async read(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.run(args, options)
    if (result.code !== 0) throw kubectlFault(result)
    return result.stdout
  }
}

const MAX_STDERR = 64 * 1024

function notStarted({ code, message }: NodeJS.ErrnoException): Fault {
  return code === "ENOENT"
    ? new Fault("CLUSTER", "kubectl is not in $PATH", "Install kubectl: kubernetes.io/docs/tasks/tools.")
    : new Fault("CLUSTER", `cannot run kubectl: ${message}`, "Check that `kubectl version` works.")
}

/** What kubectl says when it fails, without the client's own log lines before it. */
export function kubectlWords({ stderr, silentMs, code }: Omit<KubectlResult, "stdout">): string {
  if (silentMs !== undefined) return `no answer in ${silentMs / 1000} s`
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !/^[EWI]\d{4} \d\d:/.test(line))
  return lines.join("; ").replace(/^error: /, "") || `kubectl exited with ${code}`
}

export function kubectlFault(result: Omit<KubectlResult, "stdout">): Fault {
  const words = kubectlWords(result)
  if (/\bforbidden\b/i.test(words))
    return new Fault(
      "NOT_PERMITTED",
      words,
      "Ask for the roles in deploy/rbac.yaml: they are all that kubectl cnitap needs.",
    )
  if (/\bUnauthorized\b|must be logged in/.test(words))
    return new Fault("NOT_PERMITTED", words, "Log in to the cluster, as for any other kubectl command.")
  return new Fault("CLUSTER", words, "Check that `kubectl get nodes` works.")
}
