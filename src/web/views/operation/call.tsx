import { type Call, parseArgs } from "../../../model/call.ts"
import { duration, processText, stateText } from "../../../model/format.ts"
import { sizeText } from "../../parts/bytes.ts"
import { exactTime } from "../../parts/clock.ts"
import { CopyButton } from "../../parts/copy-button.tsx"
import { FactTable } from "../../parts/fact-table.tsx"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { Tabs } from "../../parts/tabs.tsx"
import { go, link, route, type Stream } from "../../state/route.ts"
import { PayloadView } from "./payload.tsx"
import "./call.css"

/** One call: what it was given and what it gave back. */
export function CallView({ call, isWhole }: { call: Call; isWhole: boolean }) {
  // Until the streams are there, the tab that it will be for most calls: tabs should not change under the hand.
  const stream: Stream = route.value.stream ?? (isWhole ? mostTelling(call) : "stdout")
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
  const choose = (name: Stream) => ({ call: call.id, panel: "calls" as const, stream: name, byte: undefined })
  return (
    <section class="call" aria-label={`call of ${call.plugin}`}>
      <Tabs
        label={`streams of ${call.plugin}`}
        tabs={tabs}
        current={stream}
        href={(name) => link(choose(name))}
        onChoose={(name) => go(choose(name), "replace")}
      />
      {!isWhole ? (
        <div class="empty">Reading the call…</div>
      ) : stream === "env" ? (
        <Env call={call} />
      ) : stream === "exit" ? (
        <ExitView call={call} />
      ) : (
        <PayloadView
          call={call}
          key={`${call.id}/${stream}`}
          name={stream}
          payload={call[stream]}
          byte={route.value.byte}
          fileName={`${call.plugin}-${call.id}.${stream}`}
        />
      )}
    </section>
  )
}

function failedExit({ exit }: Call): boolean {
  return exit !== undefined && !("code" in exit && exit.code === 0)
}

/** Where the answer is: the error of a call that failed, else its result; what it was given where it gave nothing. */
function mostTelling(call: Call): Stream {
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
          {call.envNames.length} more variables were set, whose values are not recorded:{" "}
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
    ["ended", stateText(call)],
    ["began", exactTime(call.wallMs)],
    ["took", duration(call.durationMs)],
    ["of it, to start the process", duration(call.spawnMs)],
    ["CPU", usage && `${duration(usage.userMs)} user, ${duration(usage.systemMs)} system`],
    ["memory at most", usage && sizeText(usage.maxRssBytes)],
    ["process", processText(call)],
    ["executable", call.path],
    ["argv", call.argv.join(" ")],
    [
      "original",
      call.original && `${sizeText(call.original.sizeBytes)}, modified ${exactTime(call.original.modifiedMs)}`,
    ],
    ["recorded by", call.as],
    ["call", call.id],
    ["started by call", call.parent],
  ]
  return (
    <ScrollRegion class="env" label="how it ended">
      <FactTable facts={rows} />
    </ScrollRegion>
  )
}
