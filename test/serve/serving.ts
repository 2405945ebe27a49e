import { type ChildProcess, spawn } from "node:child_process"
import { PROGRAM } from "../cli/cnitap.ts"

/** `cnitap serve` as a process of its own, on a free port. */
export type Serving = {
  /** as it was printed, token and all */
  url: string
  origin: string
  token: string
  process: ChildProcess
  get(path: string, headers?: Record<string, string>): Promise<Response>
  /** as Ctrl-C does; resolves to the exit status */
  end(): Promise<number | null>
}

export async function serve(capture: string, ...more: string[]): Promise<Serving> {
  const child = spawn(process.execPath, [PROGRAM, "serve", "--listen", "127.0.0.1:0", ...more], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, CNITAP_CAPTURE: capture },
  })
  let stderr = ""
  child.stderr.on("data", (data) => {
    stderr += String(data)
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data).trim()))
    child.once("exit", (status) => reject(new Error(`serve ended with ${status}: ${stderr}`)))
  })
  const token = new URL(url).hash.replace("#token=", "")
  const { origin } = new URL(url)
  return {
    url,
    origin,
    token,
    process: child,
    get: (path, headers = {}) => fetch(origin + path, { headers: { Authorization: `Bearer ${token}`, ...headers } }),
    end() {
      return new Promise((resolve) => {
        child.once("exit", resolve)
        child.kill("SIGINT")
      })
    },
  }
}
