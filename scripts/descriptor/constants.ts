/** `constants.json`: the constants fitted on music, and the two weights. Matrices are base64 of little-endian float32. */

export interface BlockConstants {
  /** Columns of the projection: the block's share of the embedding's dimensions. */
  readonly dimensions: number;
  /** The block's share of every inner product, [0, 1]; the shares add up to 1. */
  readonly share: number;
  /** Shape [statistics, dimensions]: standardisation, rotation to principal axes and their scaling, in one. */
  readonly projection: Float32Array;
  /** Shape [dimensions]: added after the projection, so that the fitted music has mean 0. */
  readonly offset: Float32Array;
}

export interface Constants {
  readonly fittedOn: { readonly tracks: number; readonly windows: number };
  readonly timbre: BlockConstants;
  readonly harmony: BlockConstants;
}

export function parseConstants(json: string): Constants {
  const { fittedOn, timbre, harmony } = JSON.parse(json) as Record<string, unknown> & {
    fittedOn: Constants['fittedOn'];
  };
  return { fittedOn, timbre: parseBlock('timbre', timbre), harmony: parseBlock('harmony', harmony) };
}

export function formatConstants({ fittedOn, timbre, harmony }: Constants): string {
  return `${JSON.stringify({ fittedOn, timbre: formatBlock(timbre), harmony: formatBlock(harmony) }, null, 2)}\n`;
}

function parseBlock(name: string, value: unknown): BlockConstants {
  const { dimensions, share, projection, offset } = (value ?? {}) as Record<string, unknown>;
  if (
    typeof dimensions !== 'number' ||
    typeof share !== 'number' ||
    typeof projection !== 'string' ||
    typeof offset !== 'string'
  ) {
    throw new TypeError(`Cannot read the constants of ${name}: expected dimensions, share, projection and offset`);
  }
  return { dimensions, share, projection: fromBase64(projection), offset: fromBase64(offset) };
}

function formatBlock({ dimensions, share, projection, offset }: BlockConstants) {
  return { dimensions, share, offset: toBase64(offset), projection: toBase64(projection) };
}

function toBase64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

function fromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}
