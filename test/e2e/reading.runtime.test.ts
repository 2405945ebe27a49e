import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Transcripts } from "../cli/transcript.ts"
import { CONTAINERDS, testOn } from "../node/runtimes.ts"
import { BANDWIDTH, BRIDGE, E2eStand, PORTMAP } from "./stand.ts"

const test = testOn(CONTAINERDS)

const WEB = { portMappings: [{ hostPort: 8080, containerPort: 80 }] }

test("real plugins and a real runtime: no findings, nothing left behind, one line per change", async ({
  version,
  t,
}) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP, BANDWIDTH])
  await stand.install()
  const transcripts = new Transcripts(stand.capture)
  const id = await stand.run(WEB)
  assert.deepEqual(await transcripts.of("lint"), { out: [], err: ["nothing found"], code: 0 })
  assert.deepEqual(
    (await transcripts.of("explain", id.slice(0, 12))).out
      .slice(0, 2)
      .map((line) => line.replace(/slowest was \S+/, "slowest was X")),
    [
      "ADD default/web-0 succeeded T ago, in T",
      "  result  bridge, portmap, bandwidth exited with 0; assigned 10.88.0.2; slowest was X (T)",
    ],
  )
  const { out } = await transcripts.of("diff", "web-0")
  assert.deepEqual(
    out.map((line) =>
      line
        .replace(/ mac .*/, "")
        .replace(/veth\w+/, "VETH")
        .replace(/^( *\w+) {2}T/, "$1"),
    ),
    [
      "ADD default/web-0  #1  ok  T ago",
      "  bridge",
      "    + cniVersion 1.0.0",
      "    + interface cni0 on the node ",
      "    + interface VETH on the node ",
      "    + interface eth0 in the pod ",
      "    + ip 10.88.0.2/24  gateway 10.88.0.1, on eth0",
      "    + route 0.0.0.0/0",
      "    host-local  T",
      "      + cniVersion 1.0.0",
      "      + ip 10.88.0.2/24  gateway 10.88.0.1",
      "      + route 0.0.0.0/0",
      "  portmap  changed nothing",
      "  bandwidth  changed nothing",
    ],
  )
  await stand.node.stopPod(id)
  await stand.node.removePod(id)
  assert.deepEqual((await transcripts.of("ledger", "--root", stand.node.root, "--capture", "/capture")).out, [])
  assert.deepEqual(await transcripts.of("lint"), { out: [], err: ["nothing found"], code: 0 })
})

test("the runtime error in explain is what containerd reported", async ({ version, t }) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP])
  const answers: Record<string, string> = {
    error: `echo '{"code":11,"msg":"try again","details":"later"}'; exit 1`,
    stderr: `echo "why it failed" >&2; exit 3`,
    silent: "exit 2",
    crash: "kill -SEGV $$",
    text: `echo "no json"; exit 1`,
    date: `echo "2026/09/21 03:00:00 adding"; exit 0`,
    literal: `echo "time=now level=info"; exit 0`,
    empty: "exit 0",
    two: `echo '{"cniVersion":"1.0.0"}'; echo '{"code":7}'; exit 0`,
    cut: `printf '{"cniVersion":"1.0.0","ips":[{"addr'; exit 0`,
  }
  const answer = join(stand.node.root, "answer")
  stand.script("portmap", `cat >/dev/null; [ "$CNI_COMMAND" = ADD ] || exit 0; . ${answer}`)
  await stand.install()
  const transcripts = new Transcripts(stand.capture)
  for (const [name, script] of Object.entries(answers)) {
    writeFileSync(answer, script)
    const error: unknown = await stand.run({ ...WEB, name: `web-${name}` }).catch((reason: unknown) => reason)
    assert.ok(error instanceof Error, name)
    const line = (await transcripts.of("explain", `web-${name}`)).out.find((text) =>
      text.startsWith("  runtime error  "),
    )
    const message = line?.slice("  runtime error  ".length) ?? "nothing"
    assert.equal(error.message.replace(/\s+/g, " ").includes(message), true, `${name}: ${message}\n${error.message}`)
  }
})
