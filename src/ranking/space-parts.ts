/** The parts of a space: sections of its vectors that are compared separately.
 *
 *  The built-in model and `musicnn` join branches for different properties. The similarity of the whole vector is decided by the strongest
 *  branch; searched separately, a track can be found for its sound or for its harmony, and an answer can say which. Most models
 *  have vectors of one part, the whole.
 */

export const partNames = ['whole', 'sound', 'harmony'] as const;
export type PartName = (typeof partNames)[number];

export interface SpacePart {
  readonly name: PartName;
  /** First of its values in the vector, from 0. */
  readonly from: number;
  readonly dimensions: number;
  /** Squared length of the part in the unit vectors that the model makes, (0, 1]. The parts' weights add up to 1, so that the
   *  cosine of two vectors is the weighted sum of the cosines of their parts. */
  readonly weight: number;
}

/** The weights are those of the branches in training/; all branches but harmony are the sound. */
const soundAndHarmony = (soundDimensions: number): readonly SpacePart[] => [
  { name: 'sound', from: 0, dimensions: soundDimensions, weight: 0.46 },
  { name: 'harmony', from: soundDimensions, dimensions: 192, weight: 0.54 },
];

/** By model name and major version. */
const partsByModel: Readonly<Record<string, readonly SpacePart[]>> = {
  'builtin@2': soundAndHarmony(192),
  'builtin@3': soundAndHarmony(192),
  'musicnn@1': soundAndHarmony(240),
};

/** @param spaceId starts with the model's name, `@` and its version
 *  @param dimensions of the space's vectors */
export function partsOf(spaceId: string, dimensions: number): readonly SpacePart[] {
  const [model = ''] = /^[^/.]+/.exec(spaceId) ?? [];
  const parts = partsByModel[model] ?? [];
  const covered = parts.reduce((sum, part) => sum + part.dimensions, 0);
  return covered === dimensions ? parts : [wholeOf(dimensions)];
}

export function wholeOf(dimensions: number): SpacePart {
  return { name: 'whole', from: 0, dimensions, weight: 1 };
}

/** Writes one part of a vector as a unit vector; zeros for a part without length. Vectors with other part lengths than the
 *  space's are compared by direction.
 *
 *  @param target shape [part.dimensions] */
export function writePart(vector: Float32Array, { from, dimensions, weight }: SpacePart, target: Float32Array): void {
  if (weight === 1) {
    target.set(vector);
    return;
  }
  let squares = 0;
  for (let at = 0; at < dimensions; at++) squares += (vector[from + at] as number) ** 2;
  const length = Math.sqrt(squares) || 1;
  for (let at = 0; at < dimensions; at++) target[at] = (vector[from + at] as number) / length;
}

/** One part of a vector as a unit vector, shape [part.dimensions]. @see writePart */
export function partOf(vector: Float32Array, part: SpacePart): Float32Array {
  const values = new Float32Array(part.dimensions);
  writePart(vector, part, values);
  return values;
}
