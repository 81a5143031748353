/** The id of a space. It names everything that must be equal for two vectors to be comparable; an index never mixes spaces. */

export interface SpaceParts {
  readonly model: string;
  readonly version: string;
  /** Hexadecimal. The id contains 12 digits: 48 bits make an accidental collision of weights improbable. */
  readonly weightsSha256: string;
  readonly precision: string;
  readonly windowSec: number;
  readonly hopSec: number;
  readonly frontEnd: string;
}

/** For example `builtin@1.0.0/3fa1b2c3d4e5/fp32/w10h10/fe:logmel-1`. Equal parts give equal ids. Ids are compared as a whole and
 *  never parsed.
 *
 *  @throws {RangeError} when a part is empty or contains a slash, or the hash is not 64 hexadecimal digits */
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
