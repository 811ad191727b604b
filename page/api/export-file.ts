/**
 * Downloads a query as a file: the server's export is read as it comes, written anew in the form and zone
 * that were asked for, and goes to the browser's own disk storage, never into memory as a whole.
 */

import type { Entry } from '../model/entry.ts'
import { type ExportFormat, exportEntry, exportHead, exportTypes } from '../model/export-text.ts'
import type { Zone } from '../model/view-state.ts'

export type ExportProgress = { readonly lines: number; readonly bytes: number }

export type ExportResult = ExportProgress & {
  readonly file: Blob
  /** Null: complete; else why not. */
  readonly incomplete: string | null
}

type Options = {
  readonly format: ExportFormat
  readonly zone: Zone
  readonly onProgress: (progress: ExportProgress) => void
}

/** Last line of an export. */
type EndLine = { readonly kind: 'end'; readonly complete: boolean; readonly reason: string | null }

/** Text that is gathered before it is written. */
const pieceChars = 1024 * 1024

export async function writeExport(
  source: ReadableStream<Uint8Array>,
  options: Options,
): Promise<ExportResult> {
  const { format, zone, onProgress } = options
  const sink = await createSink(exportTypes[format].type)
  const encoder = new TextEncoder()
  let lines = 0
  let bytes = 0
  let end: EndLine | null = null
  let piece = exportHead(format)
  const flush = async (): Promise<void> => {
    const encoded = encoder.encode(piece)
    piece = ''
    bytes += encoded.length
    await sink.write(encoded)
    onProgress({ lines, bytes })
  }
  for await (const line of linesOf(source)) {
    const value = JSON.parse(line) as Entry | EndLine
    if (value.kind === 'end') end = value
    else {
      lines += 1
      piece += exportEntry(value, format, zone)
      if (piece.length >= pieceChars) await flush()
    }
  }
  await flush()
  const incomplete =
    end === null ? 'the connection broke' : end.complete ? null : (end.reason ?? 'the server ended it')
  return { lines, bytes, incomplete, file: await sink.close() }
}

async function* linesOf(source: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const reader = source.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    const texts = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = texts.pop() ?? ''
    for (const text of texts) if (text !== '') yield text
  }
  if (rest !== '') yield rest
}

type Sink = {
  readonly write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>
  readonly close: () => Promise<Blob>
}

/** The private disk of the origin; where a browser has none (plain http from afar), parts of a Blob. */
async function createSink(type: string): Promise<Sink> {
  try {
    const folder = await navigator.storage.getDirectory()
    await removeOld(folder)
    const handle = await folder.getFileHandle(`logkeep-${Date.now()}`, { create: true })
    const stream = await handle.createWritable()
    return {
      write: (bytes) => stream.write(bytes),
      close: async () => {
        await stream.close()
        return (await handle.getFile()).slice(0, undefined, type)
      },
    }
  } catch {
    // Not there, or forbidden: the browser keeps parts as it can.
    let whole = new Blob([], { type })
    return {
      write: async (bytes) => {
        whole = new Blob([whole, bytes], { type })
      },
      close: async () => whole,
    }
  }
}

/** Those of earlier downloads, which the browser has long copied. */
async function removeOld(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of folder.keys()) {
    if (name.startsWith('logkeep-')) await folder.removeEntry(name).catch(() => undefined)
  }
}
