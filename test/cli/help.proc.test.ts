import assert from "node:assert/strict"
import { test } from "node:test"
import { Command } from "commander"
import { VERB_GROUPS } from "../../src/cli/verbs.ts"
import { parseFilter } from "../../src/model/filter/parse.ts"
import { inProcess } from "./in-process.ts"

const VERBS = VERB_GROUPS.flatMap(({ verbs }) => verbs)

async function printed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await inProcess(args, () => 0)
  assert.equal(code, 0)
  return stdout + stderr
}

test("cnitap alone fits a terminal and says what to type first", async () => {
  const lines = (await printed()).trimEnd().split("\n")
  assert.ok(lines.length <= 23, `${lines.length} lines, and a prompt`)
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  )
  assert.deepEqual(lines.slice(2, 9), [
    "Start here, as root on a node:",
    "  cnitap plan            show what would be recorded; changes nothing",
    "  cnitap install         record every plugin call until cnitap uninstall",
    "  cnitap ls              list what was recorded",
    "  cnitap explain POD     explain why a pod has no network",
    "",
    "Verbs:",
  ])
  assert.deepEqual(
    VERBS.map(({ name }) => name).filter((name) => !lines.some((line) => line.includes(name))),
    [],
  )
})

test("cnitap help has one line for each verb", async () => {
  const lines = (await printed("help")).split("\n")
  for (const { name, summary } of VERBS)
    assert.ok(
      lines.some((line) => line.startsWith(`  ${name} `) && line.endsWith(` ${summary}`) && line.length <= 80),
      name,
    )
})

for (const { name, load } of VERBS)
  test(`the examples of ${name} are understood`, async () => {
    const { examples, define } = await load()
    assert.ok(examples.length >= 2 && examples.length <= 3, `${examples.length} examples`)
    const own = examples.flatMap(([line]) => commandsIn(line)).filter(([verb]) => verb === name)
    assert.ok(own.length >= examples.length - 1)
    for (const [, ...args] of own) {
      const command = new Command(name).exitOverride().action(() => {})
      define(command)
      command.parse(args, { from: "user" })
      const words = command.registeredArguments.at(-1)?.name() === "filter" ? command.processedArgs.at(-1) : undefined
      // The last argument of repro is an ID.
      if (Array.isArray(words) && command.processedArgs[0] !== "repro")
        assert.equal(parseFilter(words.join(" "), 0).ok, true, args.join(" "))
    }
    const help = await printed("help", name)
    // Command lines are not broken: they are there to be copied.
    const tooLong = help.split("\n").filter((line) => line.length > 80 && !line.startsWith("  cnitap "))
    assert.deepEqual(tooLong, [])
    for (const [line, meaning] of examples) assert.ok(help.includes(`  ${line}\n      ${meaning}`), line)
  })

/** The arguments of every `cnitap` in a pipeline or list of commands. */
function commandsIn(line: string): string[][] {
  const words = [...line.matchAll(/'[^']*'|[^\s']+(?:'[^']*')?/g)].map(([word]) => word.replaceAll("'", ""))
  const commands: string[][] = [[]]
  for (const word of words)
    if (word === "|" || word === "&&") commands.push([])
    else commands.at(-1)?.push(word)
  return commands.filter(([program]) => program === "cnitap").map(([, ...args]) => args)
}
