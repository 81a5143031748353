/** Reads the worker's answer to texts. Trusts nothing, as answer-reader.ts does. */
import { protocolError } from './answer-reader.ts';
import { decodeFloat32, textEmbeddingsAnswer } from './wire-format.ts';

export interface EmbeddedTexts {
  readonly model: string;
  readonly spaceId: string;
  /** In the order of the texts; unit vectors, shape [dimensions]. */
  readonly vectors: readonly Float32Array[];
}

/** @param json as parsed, or undefined when it was no JSON
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
