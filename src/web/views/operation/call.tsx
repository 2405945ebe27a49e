import { type Call, parseArgs } from "../../../model/call.ts"
import { errorStreamOf } from "../../../model/explain/error-text.ts"
import type { FilterHit } from "../../../model/filter/find-hit.ts"
import { duration, processText, stateText } from "../../../model/format.ts"
import type { EvidenceStream } from "../../../model/lint/finding.ts"
import { sizeText } from "../../parts/bytes.ts"
import { exactTime } from "../../parts/clock.ts"
import { CopyButton } from "../../parts/copy-button.tsx"
import { FactTable } from "../../parts/fact-table.tsx"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { Tabs } from "../../parts/tabs.tsx"
import { go, link, route } from "../../state/route.ts"
import { PayloadView } from "./payload.tsx"
import "./call.css"

/** Whether the streams of a call are here. `unreachable`: the server does not answer. `pruned`: they are in no file. */
export type Reading = "read" | "reading" | "unreachable" | "pruned"

/** One call: its input and output. `hit`: where the filter matched in it. */
export function CallView({ call, reading, hit }: { call: Call; reading: Reading; hit: FilterHit | undefined }) {
  // Until the streams have arrived, show the tab that most calls open with, so that the selected tab does not change.
  const stream: EvidenceStream =
    route.value.stream ?? hit?.stream ?? (reading === "read" ? mostRelevant(call) : "stdout")
  const wanted = hit?.stream === stream && route.value.byte === undefined ? (hit.text ?? "") : ""
  const size = (payload: Call["stdin"]) => payload && <span class="badge">{sizeText(payload.sizeBytes)}</span>
  const tabs = [
    { name: "stdin" as const, title: <>stdin {size(call.stdin)}</> },
    { name: "stdout" as const, title: <>stdout {size(call.stdout)}</> },
    { name: "stderr" as const, title: <>stderr {size(call.stderr)}</> },
    { name: "env" as const, title: "env" },
    {
      name: "exit" as const,
      title: (
        <>
          exit <span class={`badge ${failedExit(call) ? "alarm" : ""}`}>{stateText(call).replace(/^exit /, "")}</span>
        </>
      ),
    },
  ]
  const choose = (name: EvidenceStream) => ({ call: call.id, panel: "calls" as const, stream: name, byte: undefined })
  return (
    <section class="call" aria-label={`call of ${call.plugin}`}>
      <Tabs
        label={`streams of ${call.plugin}`}
        tabs={tabs}
        current={stream}
        href={(name) => link(choose(name))}
        onChoose={(name) => go(choose(name), "replace")}
      />
      {reading !== "read" && (reading !== "pruned" || stream !== "exit") ? (
        <div class="empty">{READING_TEXTS[reading]}</div>
      ) : stream === "env" ? (
        <Env call={call} />
      ) : stream === "exit" ? (
        <ExitView call={call} />
      ) : (
        <PayloadView
          call={call}
          key={`${call.id}/${stream}/${wanted}`}
          name={stream}
          payload={call[stream]}
          byte={route.value.byte}
          wanted={wanted}
          fileName={`${call.plugin}-${call.id}.${stream}`}
        />
      )}
    </section>
  )
}

const READING_TEXTS: Record<Exclude<Reading, "read">, string> = {
  reading: "Reading the call…",
  unreachable: "The server is not responding: the call is shown as soon as it does.",
  pruned: "The records of this call were removed from the capture: pruned by a relay, or deleted.",
}

function failedExit({ exit }: Call): boolean {
  return exit !== undefined && !("code" in exit && exit.code === 0)
}

/** The stream with the error or the result; stdin if there is neither. */
function mostRelevant(call: Call): EvidenceStream {
  const telling = failedExit(call) && errorStreamOf(call)
  if (telling) return telling
  if (call.stdout && call.stdout.sizeBytes > 0) return "stdout"
  if (failedExit(call) && call.stderr && call.stderr.sizeBytes > 0) return "stderr"
  return "stdin"
}

function Env({ call }: { call: Call }) {
  const pairs = Object.entries(call.env)
  const text = () => pairs.map(([name, value]) => `${name}=${value}`).join("\n")
  return (
    <ScrollRegion class="env" label="environment">
      <table>
        <tbody>
          {pairs.map(([name, value]) => (
            <tr key={name}>
              <th scope="row" class="mono">
                {name}
              </th>
              <td class="mono">
                {name === "CNI_ARGS" ? (
                  <ul>
                    {[...parseArgs(value)].map(([key, each]) => (
                      <li key={key}>
                        <span class="dim">{key}=</span>
                        {each}
                      </li>
                    ))}
                  </ul>
                ) : (
                  value || <span class="dim">(empty)</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {call.envNames.length > 0 && (
        <p class="dim">
          {call.envNames.length} more variables were set; their values are not recorded:{" "}
          <span class="mono">{call.envNames.toSorted().join(" ")}</span>
        </p>
      )}
      <p>
        <CopyButton label="Copy" text={text} />
      </p>
    </ScrollRegion>
  )
}

function ExitView({ call }: { call: Call }) {
  const { usage } = call
  const rows: [string, string | undefined][] = [
    ["outcome", stateText(call)],
    ["started", exactTime(call.wallMs)],
    ["duration", duration(call.durationMs)],
    ["process start", duration(call.spawnMs)],
    ["CPU", usage && `${duration(usage.userMs)} user, ${duration(usage.systemMs)} system`],
    ["peak memory", usage && sizeText(usage.maxRssBytes)],
    ["process", processText(call)],
    ["executable", call.path],
    ["argv", call.argv.join(" ")],
    [
      "original plugin",
      call.original && `${sizeText(call.original.sizeBytes)}, modified ${exactTime(call.original.modifiedMs)}`,
    ],
    ["recorded by", call.as],
    ["call", call.id],
    ["parent call", call.parent],
  ]
  return (
    <ScrollRegion class="env" label="exit status">
      <FactTable facts={rows} />
    </ScrollRegion>
  )
}
