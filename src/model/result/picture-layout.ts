import type { PictureFrame, PictureItem } from "./picture.ts"

/** Pixels from the upper left corner. */
export type PictureBox = { item: PictureItem; x: number; y: number; width: number; height: number; text: string }
/** From the right or lower edge of one box to another one. */
export type PictureLine = { fromX: number; fromY: number; toX: number; toY: number; item: PictureItem }
export type PictureLayout = {
  width: number
  height: number
  node: { x: number; y: number; width: number; height: number }
  pod: { x: number; y: number; width: number; height: number }
  boxes: PictureBox[]
  lines: PictureLine[]
}

/** Below this width a bridge is above the pod's end on the node, not beside it. */
const NARROW_PX = 620
const BOX_PX = 26
const STEP_PX = 34
const HEAD_PX = 26
const PAD_PX = 10
/** Of the monospaced font of 12 pixels. */
const CHARACTER_PX = 7.3
/** A stripe in the colour of the plugin before the text, its number after it. */
const TEXT_PAD_PX = 38

/**
 * Where everything is, the same in all frames: on the left the node, on the right the pod, each interface beside what
 * it is attached to.
 */
export function layoutPicture(frames: readonly PictureFrame[], width: number): PictureLayout {
  const items = [...new Map(frames.flatMap((frame) => frame.items).map((item) => [item.key, item])).values()]
  const of = (...kinds: PictureItem["kind"][]) => items.filter(({ kind }) => kinds.includes(kind))
  const isNarrow = width < NARROW_PX
  const gap = isNarrow ? 22 : 56
  const nodeWidth = Math.floor((width - gap) * (isNarrow ? 0.5 : 0.52))
  const podX = nodeWidth + gap
  const boxes = new Map<string, PictureBox>()
  const put = (item: PictureItem, x: number, y: number, boxWidth: number) => {
    const height = BOX_PX
    boxes.set(item.key, { item, x, y, width: boxWidth, height, text: fitted(item.label, boxWidth - TEXT_PAD_PX) })
  }
  /** One below the other. Returns where the next one goes. */
  const stack = (stacked: readonly PictureItem[], x: number, fromY: number, boxWidth: number) => {
    for (const [at, item] of stacked.entries()) put(item, x, fromY + at * STEP_PX, boxWidth)
    return fromY + stacked.length * STEP_PX
  }
  // The pod: interfaces with their addresses below, then what belongs to no interface.
  let podY = HEAD_PX
  const inner = width - podX - 2 * PAD_PX
  for (const pod of of("pod")) {
    put(pod, podX + PAD_PX, podY, inner)
    podY += STEP_PX
    for (const address of of("address").filter(({ on }) => on === pod.key)) {
      put(address, podX + 3 * PAD_PX, podY - 4, inner - 2 * PAD_PX)
      podY += STEP_PX - 4
    }
  }
  const others = [...of("address").filter(({ key }) => !boxes.has(key)), ...of("route", "dns")]
  podY = stack(others, podX + PAD_PX, podY, inner)
  // The node: the ends of the pod's interfaces at their height, bridges and parents before them.
  const owners = of("bridge", "parent")
  const isBeside = !isNarrow && owners.length > 0
  const nodeInner = nodeWidth - 2 * PAD_PX
  const columnWidth = isBeside ? Math.floor((nodeInner - 32) / 2) : nodeInner
  const endX = isBeside ? PAD_PX + columnWidth + 32 : PAD_PX
  let nodeY = isBeside ? HEAD_PX : stack(owners, PAD_PX, HEAD_PX, columnWidth)
  for (const end of of("host")) {
    const pod = of("pod").find(({ on }) => on === end.key)
    const y = Math.max(nodeY, pod && !isNarrow ? (boxes.get(pod.key)?.y ?? 0) : 0)
    put(end, endX, y, columnWidth)
    nodeY = y + STEP_PX
  }
  if (isBeside) nodeY = Math.max(nodeY, stack(owners, PAD_PX, HEAD_PX, columnWidth))
  nodeY = stack(of("port"), PAD_PX, nodeY, nodeInner)
  const height = Math.max(podY, nodeY, HEAD_PX + STEP_PX)
  return {
    width,
    height,
    node: { x: 0, y: 0, width: nodeWidth, height },
    pod: { x: podX, y: 0, width: width - podX, height },
    boxes: [...boxes.values()],
    lines: linesOf(boxes),
  }
}

function linesOf(boxes: ReadonlyMap<string, PictureBox>): PictureLine[] {
  return [...boxes.values()].flatMap((box): PictureLine[] => {
    const to = box.item.kind === "address" || box.item.on === undefined ? undefined : boxes.get(box.item.on)
    if (!to) return []
    const isBelow = to.x === box.x
    return [
      isBelow
        ? { fromX: to.x + 14, fromY: to.y + to.height, toX: box.x + 14, toY: box.y, item: box.item }
        : {
            fromX: to.x + to.width,
            fromY: to.y + to.height / 2,
            toX: box.x,
            toY: box.y + box.height / 2,
            item: box.item,
          },
    ]
  })
}

/** Names differ at their ends: what does not fit is left out in the middle. */
function fitted(text: string, widthPx: number): string {
  const most = Math.max(Math.floor(widthPx / CHARACTER_PX), 5)
  if (text.length <= most) return text
  const tail = Math.floor((most - 1) / 2)
  return `${text.slice(0, most - 1 - tail)}…${text.slice(-tail)}`
}
