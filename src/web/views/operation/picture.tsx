import { useMemo, useRef, useState } from "preact/hooks"
import type { Operation } from "../../../model/operation.ts"
import { callOutcome } from "../../../model/outcome.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { type PictureFrame, type PictureItem, toPicture } from "../../../model/result/picture.ts"
import { layoutPicture, type PictureBox } from "../../../model/result/picture-layout.ts"
import { CopyButton } from "../../parts/copy-button.tsx"
import { OutcomeMark } from "../../parts/marks/outcome.tsx"
import { standaloneSvg } from "../../parts/standalone-svg.ts"
import { useWidth } from "../../parts/width.ts"
import { operations } from "../../state/capture.ts"
import { useWholeOperation } from "../../state/whole-operation.ts"
import "./picture.css"

/** What the pod got, after each plugin of the chain. */
export function Picture({
  operation,
  summary,
  shared,
}: {
  operation: Operation
  summary: OperationSummary
  /** the plugin that several pictures are at */
  shared?: { plugin: string | undefined; choose(plugin: string): void }
}) {
  const addSummary = useMemo(() => addOf(summary), [summary])
  const add = useWholeOperation(addSummary)?.operation
  const frames = useMemo(() => toPicture(operation, add), [operation, add])
  const [chosen, setChosen] = useState<number>()
  const sharedAt = frames.findLastIndex(({ call }) => call.plugin === shared?.plugin)
  const at = Math.min(sharedAt >= 0 ? sharedAt : (chosen ?? frames.length - 1), frames.length - 1)
  const frame = frames[at]
  const svg = useRef<SVGSVGElement>(null)
  const isEmpty = frames.every(({ items }) => items.length === 0)
  if (!frame || isEmpty) return null
  return (
    <section class="picture" aria-label="picture of what the pod got">
      <div class="picture-bar">
        <fieldset class="picture-steps" aria-label="after which plugin">
          {frames.map(({ call }, step) => (
            <button
              key={call.id}
              type="button"
              class={`picture-step plugin-${colourOf(frames, call.plugin)}`}
              aria-pressed={step === at}
              onClick={() => (shared ? shared.choose(call.plugin) : setChosen(step))}
            >
              <b>{step + 1}</b> {call.plugin}{" "}
              {callOutcome(call) !== "ok" && <OutcomeMark outcome={callOutcome(call)} />}
            </button>
          ))}
        </fieldset>
        <CopyButton label="Copy SVG" text={() => (svg.current ? standaloneSvg(svg.current) : "")} />
      </div>
      <Drawing frames={frames} frame={frame} of={svg} />
      <p class="dim picture-note">{noteOf(summary, frame, addSummary !== undefined)}</p>
    </section>
  )
}

function Drawing({
  frames,
  frame,
  of,
}: {
  frames: PictureFrame[]
  frame: PictureFrame
  of: { current: SVGSVGElement | null }
}) {
  const box = useRef<HTMLDivElement>(null)
  const width = Math.min(useWidth(box), MOST_PX)
  const { boxes, lines, node, pod, height } = useMemo(() => layoutPicture(frames, width), [frames, width])
  const now = new Map(frame.items.map((item) => [item.key, item]))
  return (
    <div class="picture-box" ref={box}>
      <svg
        ref={of}
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={labelOf(frame)}
      >
        {[
          { name: "node", side: node },
          { name: "pod", side: pod },
        ].map(({ name, side }) => (
          <g key={name}>
            <rect class="side" x={side.x + 0.5} y={0.5} width={side.width - 1} height={side.height - 1} rx={8} />
            <text class="side-name" x={side.x + 12} y={18}>
              {name}
            </text>
          </g>
        ))}
        {lines.map(({ fromX, fromY, toX, toY, item }) => {
          const current = now.get(item.key)
          if (!current) return null
          const bend = (toX - fromX) / 2
          return (
            <path
              key={item.key}
              class={`wire ${current.state}`}
              d={
                fromX === toX
                  ? `M${fromX} ${fromY}V${toY}`
                  : `M${fromX} ${fromY}C${fromX + bend} ${fromY} ${toX - bend} ${toY} ${toX} ${toY}`
              }
            />
          )
        })}
        {boxes.map((box) => {
          const item = now.get(box.item.key)
          return item && <Box key={item.key} box={box} item={item} frames={frames} />
        })}
      </svg>
    </div>
  )
}

/** Wider, lines would be too long to follow. */
const MOST_PX = 1_100

function Box({
  box: { x, y, width, height, text },
  item,
  frames,
}: {
  box: PictureBox
  item: PictureItem
  frames: PictureFrame[]
}) {
  const step = frames.findIndex(({ call }) => call.plugin === item.plugin)
  return (
    <g class={`thing ${item.kind} ${item.state} plugin-${colourOf(frames, item.plugin)}`}>
      <title>{describe(item)}</title>
      <rect
        class="body"
        x={x + 0.5}
        y={y + 0.5}
        width={width - 1}
        height={height - 1}
        rx={item.kind === "address" ? 12 : 4}
      />
      <rect class="stripe" x={x + 6} y={y + 7} width={4} height={height - 14} rx={2} />
      <text class="label" x={x + 16} y={y + 17}>
        {text}
      </text>
      {step >= 0 && (
        <text class="number" x={x + width - 8} y={y + 17}>
          {step + 1}
        </text>
      )}
    </g>
  )
}

const KIND_WORDS: Record<PictureItem["kind"], string> = {
  bridge: "bridge",
  parent: "parent interface",
  host: "interface on the node",
  pod: "interface in the pod",
  address: "address",
  route: "route",
  port: "port of the node",
  dns: "DNS",
}
const STATE_WORDS: Record<PictureItem["state"], string> = {
  made: "added",
  changed: "changed",
  kept: "unchanged",
  removed: "removed",
  left: "left behind",
}

function describe({ kind, label, detail, plugin, state }: PictureItem): string {
  const by = plugin ? `, ${state === "removed" || state === "left" ? "made " : ""}by ${plugin}` : ""
  return `${KIND_WORDS[kind]} ${label}${detail ? ` (${detail})` : ""}: ${STATE_WORDS[state]}${by}`
}

function labelOf({ call, items }: PictureFrame): string {
  return `after ${call.plugin}: ${items.map(describe).join("; ") || "nothing"}`
}

function noteOf({ command }: OperationSummary, { items }: PictureFrame, isAddKnown: boolean): string {
  if (command !== "DEL") return "Drawn from what the plugins printed, not from the state of the node."
  const left = items.filter(({ state }) => state === "left").length
  const source = isAddKnown ? "" : " The ADD is not in the capture, so which plugin made what is not known."
  return left > 0
    ? `${left === 1 ? "1 item was" : `${left} items were`} left behind: its plugin failed, or was not called.${source}`
    : `As far as the plugins report, nothing was left behind.${source}`
}

const COLOURS = 6

/** 0 for what no plugin of this chain made. */
function colourOf(frames: readonly PictureFrame[], plugin: string | undefined): number {
  const plugins = [...new Set(frames.map(({ call }) => call.plugin))]
  const at = plugin === undefined ? -1 : plugins.indexOf(plugin)
  return at < 0 ? 0 : (at % COLOURS) + 1
}

/** For a DEL: the last ADD of the same attachment before it. */
function addOf({ command, containerId, ifname, network, wallMs }: OperationSummary): OperationSummary | undefined {
  if (command !== "DEL") return undefined
  return operations
    .peek()
    .findLast(
      (each) =>
        each.command === "ADD" &&
        each.containerId === containerId &&
        each.ifname === ifname &&
        each.network === network &&
        each.wallMs <= wallMs,
    )
}
