/** Called while a capture is read. Both numbers are bytes. */
export type Progress = (doneBytes: number, totalBytes: number) => void
