/** What happens while an element is dragged. `isReleased`: false if the browser has cancelled it. */
export type Drag = { moved(clientX: number): void; ended(isReleased: boolean): void }

/** Follows the pointer that was pressed on an element, also outside of it. */
export function drag(event: PointerEvent & { currentTarget: HTMLElement }, { moved, ended }: Drag): void {
  const target = event.currentTarget
  target.setPointerCapture(event.pointerId)
  target.onpointermove = ({ clientX }) => moved(clientX)
  target.onpointerup = target.onpointercancel = ({ type }) => {
    target.onpointermove = target.onpointerup = target.onpointercancel = null
    ended(type === "pointerup")
  }
}
