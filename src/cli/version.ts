import packageJson from "../../package.json" with { type: "json" }

/** The only place that states it is package.json. */
export const VERSION: string = packageJson.version
