import type { CDPSession, Page } from "playwright-core"

/** The processor time of a page's own thread, which depends little on other processes. */
export class ProcessorTime {
  readonly #session: CDPSession

  static async of(page: Page): Promise<ProcessorTime> {
    const session = await page.context().newCDPSession(page)
    await session.send("Performance.enable", { timeDomain: "threadTicks" })
    return new ProcessorTime(session)
  }

  private constructor(session: CDPSession) {
    this.#session = session
  }

  /** Milliseconds that the thread works while something is done. */
  async during(work: () => Promise<unknown>): Promise<number> {
    const beforeMs = await this.#totalMs()
    await work()
    return (await this.#totalMs()) - beforeMs
  }

  /** Milliseconds of the longest task meanwhile: for so long the page does not react. */
  async longestTask(work: () => Promise<unknown>): Promise<number> {
    let longestUs = 0
    const collect = ({ value }: { value: { [key: string]: unknown }[] }) => {
      for (const { name, tdur } of value)
        if (name === "RunTask" && typeof tdur === "number") longestUs = Math.max(longestUs, tdur)
    }
    this.#session.on("Tracing.dataCollected", collect)
    await this.#session.send("Tracing.start", {
      transferMode: "ReportEvents",
      traceConfig: { includedCategories: ["disabled-by-default-devtools.timeline"] },
    })
    await work()
    const complete = new Promise((resolve) => this.#session.once("Tracing.tracingComplete", resolve))
    await this.#session.send("Tracing.end")
    await complete
    this.#session.off("Tracing.dataCollected", collect)
    return longestUs / 1_000
  }

  async #totalMs(): Promise<number> {
    const { metrics } = await this.#session.send("Performance.getMetrics")
    return 1_000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0)
  }
}
