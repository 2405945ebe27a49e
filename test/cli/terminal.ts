import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A real terminal (tmux), as a person uses it. */
export class Terminal {
  readonly #directory = mkdtempSync(join(tmpdir(), "cnitap-tmux-"))
  readonly #socket = join(this.#directory, "socket")

  constructor(
    command: string,
    { columns = 80, rows = 24, env = {} }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
  ) {
    const variables = Object.entries({ TERM: "screen-256color", LANG: "C.UTF-8", ...env })
    const exports = variables.map(([name, value]) => `export ${name}='${value}';`).join(" ")
    const size = ["-x", String(columns), "-y", String(rows)]
    this.#tmux("-f", "/dev/null", "new-session", "-d", ...size, `${exports} ${command}`)
  }

  type(...keys: string[]): void {
    this.#tmux("send-keys", ...keys)
  }

  /** What is on the screen, without blanks at the ends of lines; `colours` leaves the escapes in. */
  screen(colours = false): string {
    return this.#tmux("capture-pane", "-p", ...(colours ? ["-e"] : []))
      .replace(/ +$/gm, "")
      .trimEnd()
  }

  /** Waits until the screen shows it. */
  async until(shown: RegExp): Promise<string> {
    const deadlineMs = Date.now() + 60_000
    for (;;) {
      const screen = this.screen()
      if (shown.test(screen)) return screen
      if (Date.now() > deadlineMs) throw new Error(`the terminal never showed ${shown}:\n${screen}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  close(): void {
    try {
      this.#tmux("kill-server")
    } catch {
      // The last command in it has ended, and tmux with it.
    }
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #tmux(...args: string[]): string {
    return execFileSync("tmux", ["-S", this.#socket, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
  }
}
