import assert from "node:assert/strict"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import type { PluginCall, Seen, Stand } from "./stand.ts"

/** What plugins do, by name. Each runs without the relay, recorded and unrecorded: the caller must not see a difference. */
const DOUBLES: Record<string, readonly string[]> = {
  echo: ["echo"],
  silent: ["drain"],
  slow: ["drain", "sleep 15", 'out {"cniVersion":"1.1.0"}'],
  facts: ["drain", "facts"],
  "stdout-10mb": ["drain", "stdout 10485760"],
  "stderr-10mb": ["drain", "stderr 10485760"],
  "both-10mb": ["drain", "both 10485760"],
  "output-before-input": ["stdout 300000", "stderr 300000", "echo"],
  "never-reads": ['out {"cniVersion":"1.1.0","ips":[]}', "exit 0"],
  garbage: ["drain", "garbage 5000"],
  zeros: ["drain", "out a\u0000b\u0000\u00ff\u00fe"],
  "two-documents": ["drain", 'out {"a":1}\n{"b":2}'],
  "error-on-stderr": ["drain", "err panic: runtime error\n", "exit 2"],
  "error-object": ["drain", 'out {"code":11,"msg":"try again later"}', "err warn\n", "exit 1"],
  "side-effects": ["drain", "file one first\n", "file two second", "file one third\n", 'out {"cniVersion":"1.0.0"}'],
  "closes-outputs": ["drain", "out before", "close 1", "close 2", "sleep 20", "exit 4"],
  "grandchild-holds-stdout": ["drain", "grandchild 30", "out early\n"],
  "grandchild-of-the-killed": ["drain", "grandchild 30", "out early\n", "signal 9"],
  "self-delegating": ["delegate"],
}

const COMMANDS = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION", undefined]
const CONFIG = '{"cniVersion":"1.0.0","name":"net","type":"x","ipam":{"k8s_auth_token":"hunter2"}}'

/** Tests that no caller sees a difference, with the plugins of this stand. */
export function testEquivalence(stand: Stand): void {
  for (const [name, steps] of Object.entries(DOUBLES)) {
    test(`${name}: the same with and without the relay, for every command`, async () => {
      const few = name.endsWith("10mb") ? ["ADD", undefined] : COMMANDS
      await compare(name, steps, async () => {
        const seen: Seen[] = []
        for (const command of few) {
          const env = name === "self-delegating" ? { DOUBLE_DEPTH: "2" } : {}
          seen.push(await stand.run(name, { command, env, stdin: CONFIG, argv: ["-t", "", "two words", "\u{1f310}"] }))
        }
        return seen
      })
    })
  }

  test("every exit status is preserved", async () => {
    const codes = Array.from({ length: 256 }, (_, code) => code)
    await compare("exits", undefined, async () => {
      const seen: Seen[] = []
      const left = codes.slice()
      const work = async () => {
        for (let code = left.shift(); code !== undefined; code = left.shift())
          seen[code] = await stand.run("exits", { command: "ADD", stdin: JSON.stringify(["out x", `exit ${code}`]) })
      }
      await Promise.all([work(), work(), work(), work()])
      assert.deepEqual(
        seen.map((each) => each.code),
        codes,
      )
      return seen
    })
  })

  test("if a signal kills the plugin, the caller sees that signal", async () => {
    const numbers = Object.values(constants.signals).filter(
      (number) => ![17, 18, 19, 20, 21, 22, 23, 28].includes(number),
    )
    for (const number of numbers) {
      await inThreeWays(`dies-of-${number}`, ["drain", "out so far", `signal ${number}`], () =>
        stand.run(`dies-of-${number}`, { command: "DEL", stdin: CONFIG }),
      )
    }
  })

  test("a core dump is the plugin's, not the relay's", async (t) => {
    await inThreeWays("dumps", ["drain", "file made marker-of-the-plugin", "signal 11"], async () => {
      const seen = await stand.run("dumps", { launch: ["-e", "CNI_COMMAND=ADD", "-k"] })
      const cores = Object.entries(seen.files).map(([name, content]) => {
        if (!name.startsWith("core")) return [name, content]
        return ["core", content.includes("marker-of-the-plugin") ? "the plugin's" : "another's"]
      })
      t.diagnostic(`this machine left ${cores.length - 1} core files`)
      return { ...seen, files: Object.fromEntries(cores) }
    })
  })

  test("a signal sent to the relay reaches the plugin, and the caller sees how the plugin reacts", async () => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGQUIT", "SIGALRM", "SIGWINCH"] as const) {
      const number = constants.signals[signal]
      const sent: PluginCall = { command: "ADD", during: whenReady((child) => child.kill(signal)) }
      const name = signal.toLowerCase()
      await inThreeWays(`${name}-caught`, [`catch ${number}`, "err ready\n", "await", "exit 5"], () =>
        stand.run(`${name}-caught`, sent),
      )
      if (signal !== "SIGWINCH")
        await inThreeWays(`${name}-default`, ["out kept", "err ready\n", "hang"], () =>
          stand.run(`${name}-default`, sent),
        )
      await inThreeWays(`${name}-ignored`, [`ignore ${number}`, "err ready\n", "sleep 30", "out survived"], () =>
        stand.run(`${name}-ignored`, sent),
      )
    }
  })

  test("an alarm set by the caller fires in the plugin", async () => {
    const doubles = {
      "alarm-default": ["hang"],
      "alarm-caught": ["catch 14", "await", "exit 5"],
      "alarm-ignored": ["ignore 14", "sleep 450", "out survived"],
      "alarm-too-late": ["out done"],
    }
    for (const [name, steps] of Object.entries(doubles))
      await inThreeWays(name, steps, () => stand.run(name, { launch: ["-e", "CNI_COMMAND=ADD", "-a", "400"] }))
  })

  test("several signals in succession all reach the plugin", async () => {
    const steps = ["catch 1", "catch 12", "err ready\n", "await", "err ready\n", "await", "exit 6"]
    const signals: NodeJS.Signals[] = ["SIGHUP", "SIGUSR2"]
    await inThreeWays("signals", steps, () => {
      let next = 0
      return stand.run("signals", {
        command: "ADD",
        during: (child) => {
          child.stderr?.on("data", () => child.kill(signals[next++] ?? "SIGKILL"))
        },
      })
    })
  })

  test("if the writer keeps stdin open, only the plugin waits for it", async () => {
    await inThreeWays("answers-at-once", ["out answer", "exit 0"], () =>
      stand.run("answers-at-once", { command: "ADD", during: () => {} }),
    )
    await inThreeWays("reads-to-the-end", ["echo"], () =>
      stand.run("reads-to-the-end", {
        command: "ADD",
        during: async ({ stdin }) => {
          stdin?.write("first ")
          await new Promise((resolve) => setTimeout(resolve, 40))
          stdin?.end("second")
        },
      }),
    )
  })

  test("a dialogue in which each side waits for the other", async () => {
    const answers: string[] = []
    await inThreeWays("parrot", ["echo"], () =>
      stand.run("parrot", {
        command: "ADD",
        during: async ({ stdin, stdout }) => {
          for (const word of ["one", "two", "three"]) {
            stdin?.write(word)
            if (stdout) answers.push(String((await once(stdout, "data"))[0]))
          }
          stdin?.end()
        },
      }),
    )
    assert.deepEqual(answers, ["one", "two", "three", "one", "two", "three", "one", "two", "three"])
  })

  test("stdin of any size and kind: empty, 3 MB, a file, /dev/null", async () => {
    const big = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) >> 5))
    await inThreeWays("takes-nothing", ["echo"], () => stand.run("takes-nothing", { command: "ADD", stdin: "" }))
    await inThreeWays("takes-3mb", ["echo"], () => stand.run("takes-3mb", { command: "ADD", stdin: big }))
    await inThreeWays("unread-3mb", ["out x"], () => stand.run("unread-3mb", { command: "ADD", stdin: big }))
    const file = join(stand.root, "stdin")
    writeFileSync(file, big)
    for (const path of [file, "/dev/null"]) {
      await inThreeWays("takes-a-file", ["echo"], () =>
        stand.run("takes-a-file", {
          launch: ["-e", "CNI_COMMAND=ADD", "-c", "0", "-o", `0=${path}`],
        }),
      )
    }
  })

  test("descriptors 0, 1 or 2 closed by the caller are closed for the plugin", async () => {
    for (const closed of ["0", "1", "2"])
      await inThreeWays(`closed-${closed}`, ["facts", "err to stderr\n", "exit 3"], () =>
        stand.run(`closed-${closed}`, { launch: ["-e", "CNI_COMMAND=ADD", "-c", closed] }),
      )
  })

  test("a plugin whose reader is gone gets EPIPE", async () => {
    const launch = ["-e", "CNI_COMMAND=ADD", "-p"]
    await inThreeWays("writes-into-nothing", ["drain", "sleep 10", "out x", "exit 3"], () =>
      stand.run("writes-into-nothing", { launch }),
    )
    await inThreeWays("writes-at-once", ["out x", "exit 3"], () => stand.run("writes-at-once", { launch }))
    await inThreeWays("writes-much", ["stdout 1000000", "exit 3"], () => stand.run("writes-much", { launch }))
    await inThreeWays("ignores-sigpipe", ["ignore 13", "stdout 1000000", "err still here", "exit 3"], () =>
      stand.run("ignores-sigpipe", { launch }),
    )
  })

  test("a reader that closes in the middle stops the plugin", async () => {
    await inThreeWays("endless", ["stdout 1000000000", "exit 3"], async () => {
      const seen = await stand.run("endless", {
        command: "ADD",
        during: async ({ stdout }) => {
          if (stdout) await once(stdout, "data")
          stdout?.destroy()
        },
      })
      return { ...seen, stdout: "" }
    })
  })

  test("a reader that closes while the plugin is silent does not make the relay spin", async () => {
    stand.add("quiet", ["drain", "err ready\n", "sleep 400", "exit 3"])
    stand.wrap("quiet")
    let ticks = 0
    const seen = await stand.run("quiet", {
      command: "ADD",
      during: async (child) => {
        child.stdin?.end()
        if (child.stderr) await once(child.stderr, "data")
        child.stdout?.destroy()
        child.stderr?.destroy()
        await new Promise((resolve) => setTimeout(resolve, 300))
        const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ")
        ticks = Number(fields?.[11]) + Number(fields?.[12])
      },
    })
    assert.equal(seen.code, 3)
    assert.ok(ticks <= 5, `${ticks} hundredths of a second of CPU`)
  })

  test("everything that a process inherits is inherited: unusual environments, signals, umask, limits, descriptors, priority", async () => {
    const file = join(stand.root, "inherited")
    closeSync(openSync(file, "w"))
    const odd = [
      "CNI_COMMAND=ADD",
      "CNI_COMMAND=DEL",
      "A=1",
      "A=2",
      "no equals sign",
      "=",
      "=x",
      "B=\u00ff\u{1f310}",
      "",
      "C=",
    ]
    const launch = [
      ...odd.flatMap((entry) => ["-e", entry]),
      ...["-i", "1", "-i", "13", "-i", "17", "-b", "10", "-u", "0137", "-n", "7", "-f", "345"],
      ...["-o", `7=${file}`, "-o", "93=/dev/null"],
    ]
    await inThreeWays("inherits", ["drain", "facts", "file made x"], () =>
      stand.run("inherits", { launch, argv: ["-v", "", "\u00e9"], cwd: stand.work }),
    )
  })

  test("argv[0] is the caller's, even if it is not a path", async () => {
    const path = join(stand.bin, "dispatches")
    await inThreeWays("dispatches", [], async () => {
      // With another argv[0] the double finds no file and reads its steps from stdin.
      const launch = ["-e", "CNI_COMMAND=VERSION", path, "other-name", "argument"]
      const seen = await stand.run("dispatches", { launch, stdin: '["facts"]' })
      assert.match(seen.stdout, /"argv":\["other-name","argument",/)
      return seen
    })
  })

  /** Without the relay, then recorded, then without a capture. */
  async function inThreeWays(name: string, steps: readonly string[], see: () => Promise<Seen>): Promise<void> {
    await compare(name, steps, async () => [await see()])
  }

  async function compare(
    name: string,
    steps: readonly string[] | undefined,
    see: () => Promise<Seen[]>,
  ): Promise<void> {
    stand.add(name, steps)
    const bare = await see()
    stand.wrap(name)
    stand.configure()
    assert.deepEqual((await see()).map(withoutOurVariable), bare, `${name}, recorded`)
    stand.write("")
    assert.deepEqual((await see()).map(withoutOurVariable), bare, `${name}, not recorded`)
    stand.configure()
  }
}

/** The only difference that a plugin may see is at the end of its environment. */
function withoutOurVariable(seen: Seen): Seen {
  return { ...seen, stdout: seen.stdout.replace(/,"CNITAP_CALL=[0-9a-f]*:\d"\]/, "]") }
}

/** Calls back when the double has written "ready" to stderr: its signal handlers are set. */
function whenReady(then: (child: ChildProcess) => void): (child: ChildProcess) => Promise<void> {
  return async (child) => {
    if (child.stderr) await once(child.stderr, "data")
    then(child)
  }
}
