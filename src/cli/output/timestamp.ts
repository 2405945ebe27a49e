/** RFC 3339 in UTC. Objects for programs have it beside every time in milliseconds: `startedAt` beside `wallMs`. */
export function timestamp(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
