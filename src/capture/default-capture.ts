/** Where relays write unless they are configured otherwise. */
export const DEFAULT_CAPTURE = "/var/lib/cnitap/capture"
