import type { CaptureName } from "../../model/capture-name.ts"
import type { Capture } from "./capture.ts"

export function captureName(capture: Capture): CaptureName {
  const flags = (capture.parts ?? [capture]).flatMap(({ path, isLive }) => [isLive ? "--capture" : "--from", path])
  return { path: capture.path, program: "cnitap", flags }
}
