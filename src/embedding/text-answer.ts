/** Reads and checks the worker's answer to texts. */
import { protocolError } from './answer-reader.ts';
import { decodeFloat32 } from './packed-arrays.ts';
import { textEmbeddingsAnswer } from './wire-format.ts';

export interface EmbeddedTexts {
  readonly model: string;
  readonly spaceId: string;
  /** Unit vectors, shape [dimensions], in the order of the texts. */
  readonly vectors: readonly Float32Array[];
}

/** @param json parsed, or undefined if the body was not JSON
 *  @throws {LeitmotifError} worker-protocol */
export function readTexts(json: unknown, count: number): EmbeddedTexts {
  const parsed = textEmbeddingsAnswer.safeParse(json);
  if (!parsed.success) throw protocolError('got vectors of texts in another form', parsed.error);
  const { model, spaceId, dimensions, vectors } = parsed.data;
  if (vectors.length !== count) throw protocolError(`expected ${count} vectors, got ${vectors.length}`);
  return { model, spaceId, vectors: vectors.map((vector) => vectorOf(vector, dimensions)) };
}

function vectorOf(base64: string, dimensions: number): Float32Array {
  const bytes = Buffer.byteLength(base64, 'base64');
  if (bytes !== dimensions * Float32Array.BYTES_PER_ELEMENT) {
    throw protocolError(`expected vectors of ${dimensions} values, got ${bytes} bytes`);
  }
  return decodeFloat32(base64);
}
