/** `path`: the capture as the user named it. `program` with `flags`: the command line that reads it, without the verb. */
export type CaptureName = { path: string; program: string; flags: readonly string[] }
