/** Reads the lines of a worker's answer and assembles the recording. Checks everything: the worker may be of another
 *  version, the answer may be truncated, or the server may not be a worker at all. */
import type { Chunk, EmbeddedRecording } from '../domain.ts';
import { isErrorCode, LeitmotifError } from '../errors.ts';
import { decodeUint32 } from './packed-arrays.ts';
import { type DoneLine, fromWireChunk, type InfoLine, type WireChunk, workerLine } from './wire-format.ts';

export interface EmbedProgress {
  /** Seconds of the recording processed so far. */
  readonly decodedSec: number;
  /** According to the container; null if unknown. */
  readonly durationSec: number | null;
  readonly chunksDone: number;
}

/** The longest valid line is `done` with the fingerprint of a long recording: 33 kB of base64 per hour. */
const lineBytesMax = 8 * 1024 * 1024;
/** A hundred hours of 5 s chunks make 72,000. */
const chunksMax = 100_000;
/** There is at most one progress line per chunk. */
const linesMax = 2 * chunksMax + 100;
/** Equal to the worker's own check; covers the rounding of float32 sums and half-precision weights. */
const normTolerance = 1e-3;

/** An embedded recording with the worker's timings. */
export interface EmbedAnswer extends EmbeddedRecording {
  readonly timingsMs: DoneLine['timingsMs'];
}

/** @param body the bytes of the answer, in blocks of any size
 *  @throws {LeitmotifError} the worker's own error; worker-protocol if the answer is truncated or invalid */
export async function readAnswer(
  body: AsyncIterable<Uint8Array>,
  onProgress?: (progress: EmbedProgress) => void,
): Promise<EmbedAnswer> {
  let info: InfoLine | undefined;
  let done: DoneLine | undefined;
  const chunks: Chunk[] = [];
  for await (const text of linesOf(body)) {
    const line = parseLine(text);
    if (done) throw protocolError('expected nothing after "done"');
    if (line.type === 'error') throw errorOf(line.code, line.message);
    if (line.type === 'info') {
      if (info) throw protocolError('expected one "info" line, got two');
      info = line;
      continue;
    }
    if (!info) throw protocolError(`expected "info" first, got "${line.type}"`);
    if (line.type === 'done') {
      done = line;
    } else if (line.type === 'chunks') {
      for (const wire of line.chunks) chunks.push(checkedChunk(wire, info, chunks.at(-1)));
      const decodedSec = chunks.at(-1)?.endSec ?? 0;
      onProgress?.({ decodedSec, durationSec: info.durationSec, chunksDone: chunks.length });
    } else {
      onProgress?.({ decodedSec: line.decodedSec, durationSec: info.durationSec, chunksDone: line.chunksDone });
    }
  }
  if (!info || !done) throw protocolError('the answer was cut off');
  return assemble(info, chunks, done);
}

function assemble(info: InfoLine, chunks: readonly Chunk[], done: DoneLine): EmbedAnswer {
  if (done.chunks !== chunks.length) throw protocolError(`expected ${done.chunks} chunks, got ${chunks.length}`);
  let items: Uint32Array;
  try {
    items = decodeUint32(done.fingerprint.items);
  } catch (error) {
    throw protocolError('the fingerprint is damaged', error);
  }
  return {
    spaceId: info.spaceId,
    durationSec: done.durationSec,
    tags: { title: info.title, artist: info.artist, album: info.album },
    audioStream: info.audioStream,
    chunks,
    fingerprint: { items, itemSec: done.fingerprint.itemSec },
    timingsMs: done.timingsMs,
  };
}

function checkedChunk(wire: WireChunk, info: InfoLine, before: Chunk | undefined): Chunk {
  const index = before ? before.index + 1 : 0;
  if (wire.index !== index || index >= chunksMax) throw protocolError(`expected chunk ${index}, got ${wire.index}`);
  if (wire.endSec <= wire.startSec) throw protocolError(`chunk ${index} ends before it starts`);
  let chunk: Chunk;
  try {
    chunk = fromWireChunk(wire, info.dimensions);
  } catch (error) {
    throw protocolError(`chunk ${index} is damaged`, error);
  }
  let squares = 0;
  for (const value of chunk.vector) squares += value * value;
  if (!(Math.abs(Math.sqrt(squares) - 1) <= normTolerance)) {
    throw protocolError(`expected chunk ${index} to have a vector of length 1, got ${Math.sqrt(squares)}`);
  }
  return chunk;
}

function parseLine(text: string) {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw protocolError('expected JSON in each line', error);
  }
  const parsed = workerLine.safeParse(json);
  if (!parsed.success) throw protocolError('got a line of another form', parsed.error);
  return parsed.data;
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const newline = 0x0a;
  let parts: Uint8Array[] = [];
  let partBytes = 0;
  let lines = 0;
  for await (const block of body) {
    let from = 0;
    for (let to = block.indexOf(newline); to !== -1; to = block.indexOf(newline, from)) {
      parts.push(block.subarray(from, to));
      if (++lines > linesMax) throw protocolError(`expected at most ${linesMax} lines`);
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      partBytes = 0;
      from = to + 1;
    }
    parts.push(block.subarray(from));
    partBytes += block.length - from;
    if (partBytes > lineBytesMax) throw protocolError(`expected lines of at most ${lineBytesMax} bytes`);
  }
  if (partBytes > 0) throw protocolError('the answer was cut off within a line');
}

/** The worker's error with its own code; an unknown code becomes worker-protocol. */
export function errorOf(code: string, message: string): LeitmotifError {
  return isErrorCode(code) ? new LeitmotifError(code, message) : protocolError(`${code}: ${message}`);
}

export function protocolError(why: string, cause?: unknown): LeitmotifError {
  return new LeitmotifError('worker-protocol', `Cannot read the worker's answer: ${why}`, { cause });
}
