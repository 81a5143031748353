/** The name of a space: everything that makes two vectors comparable. Vectors of two spaces never meet in one index. */

export interface SpaceParts {
  readonly model: string;
  readonly version: string;
  /** Hex. The id keeps 12 digits: 48 bits tell apart more weights than anybody will ever make by accident. */
  readonly weightsSha256: string;
  readonly precision: string;
  readonly windowSec: number;
  readonly hopSec: number;
  readonly frontEnd: string;
}

/** For example `builtin@1.0.0/3fa1b2c3d4e5/fp32/w10h10/fe:logmel-1`. Equal parts give equal ids, and ids are only ever
 *  compared as a whole: nothing reads the parts back.
 *
 *  @throws {RangeError} when a part is empty or holds a slash, or the sum is not 64 hex digits */
export function spaceIdOf(parts: SpaceParts): string {
  for (const part of [parts.model, parts.version, parts.precision, parts.frontEnd]) {
    if (part === '' || part.includes('/')) {
      throw new RangeError(`Cannot name a space: expected a part without slashes, got "${part}"`);
    }
  }
  if (!/^[0-9a-f]{64}$/.test(parts.weightsSha256)) {
    throw new RangeError(`Cannot name a space: expected a sha256 in hex, got "${parts.weightsSha256}"`);
  }
  return [
    `${parts.model}@${parts.version}`,
    parts.weightsSha256.slice(0, 12),
    parts.precision,
    `w${parts.windowSec}h${parts.hopSec}`,
    `fe:${parts.frontEnd}`,
  ].join('/');
}
