/** Judges by its vector whether a window is music: the second part of the gate, for models that have a trained head.
 *
 *  The first part (src/audio/gate/gate.ts) knows cheap features of the sound, with which half of speech and of machines
 *  look like music. The model has heard more: on sources that the training did not have, its head keeps out nearly all of
 *  the speech (bench/QUALITY.md). How it was trained: training/gate/README.md.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { silenceDb } from '../src/audio/gate/levels.ts';
import type { ChunkKind } from '../src/domain.ts';
import { decodeFloat32 } from '../src/embedding/packed-arrays.ts';
import { LeitmotifError } from '../src/errors.ts';
import { type Model, manifestPathOf, networkWidth } from '../src/models/manifest.ts';

const packed = z.base64().transform(decodeFloat32);

/** Two layers, ReLU between them; the weights as base64 of float32, row by row, one row an output.
 *  @property kinds what each output counts as
 *  @property rejectAbove natural logarithm of the odds against music, above which a window is not music
 *  @property confirmAbove the same, if the first part of the gate rejected the window */
const headFile = z
  .object({
    kinds: z.array(z.enum(['music', 'applause', 'noise'])).min(2),
    rejectAbove: z.number(),
    confirmAbove: z.number(),
    hidden: packed,
    hiddenBias: packed,
    out: packed,
    outBias: packed,
  })
  .refine(
    ({ kinds, hidden, hiddenBias, out, outBias }) =>
      kinds.includes('music') &&
      outBias.length === kinds.length &&
      out.length === hiddenBias.length * kinds.length &&
      hidden.length % hiddenBias.length === 0,
    'the sizes of the layers do not fit',
  );

export type MusicHead = z.infer<typeof headFile>;

/** @returns null when the model has no head
 *  @throws {LeitmotifError} config-invalid when the file is missing, damaged, or for vectors of another size */
export async function readMusicHead(model: Model): Promise<MusicHead | null> {
  const { musicHead: named } = model.manifest;
  if (!named) return null;
  const file = path.join(model.folder, named.file);
  try {
    const bytes = await readFile(file);
    const sum = createHash('sha256').update(bytes).digest('hex');
    if (sum !== named.sha256) throw new Error(`expected sha256 ${named.sha256}, got ${sum}`);
    const head = headFile.parse(JSON.parse(bytes.toString('utf8')));
    const inputs = head.hidden.length / head.hiddenBias.length;
    const width = networkWidth(model.manifest);
    if (inputs !== width) throw new Error(`expected weights for ${width} values, got ${inputs}`);
    return head;
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new LeitmotifError('config-invalid', `Cannot use ${file} of ${manifestPathOf(model)}: ${why}`, { cause });
  }
}

/** @param vector unit length, with the values that follow it for the head; shape [inputs of the head]
 *  @returns for each output the natural logarithm of its probability */
export function scoresOf({ hidden, hiddenBias, out, outBias }: MusicHead, vector: Float32Array): Float64Array {
  const inner = Float64Array.from(hiddenBias, (bias, unit) =>
    Math.max(0, bias + product(hidden, unit * vector.length, vector)),
  );
  const scores = Float64Array.from(outBias, (bias, output) => bias + product(out, output * inner.length, inner));
  const sum = logSumExp(scores);
  return scores.map((score) => score - sum);
}

/** The kind of a window by both parts of the gate.
 *
 *  The head alone decides in clear cases, so music that the first part lost (through a telephone, for example) is music
 *  again. Where the head leans against music, the first part decides. Silence is a matter of level, and of windows that are
 *  that quiet the head has heard none. */
export function kindByHead(
  { kind, loudDb }: { readonly kind: ChunkKind; readonly loudDb: number },
  vector: Float32Array,
  head: MusicHead,
): ChunkKind {
  if (kind === 'silence' || loudDb < silenceDb) return kind;
  const scores = scoresOf(head, vector);
  const sumOf = (wanted: (of: ChunkKind) => boolean) =>
    logSumExp(scores.filter((_, output) => wanted(head.kinds[output] as ChunkKind)));
  const againstMusic = sumOf((of) => of !== 'music') - sumOf((of) => of === 'music');
  if (againstMusic <= (kind === 'music' ? head.rejectAbove : head.confirmAbove)) return 'music';
  if (kind !== 'music') return kind;
  return sumOf((of) => of === 'applause') > sumOf((of) => of === 'noise') ? 'applause' : 'noise';
}

function logSumExp(values: Float64Array): number {
  const highest = Math.max(...values);
  return highest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - highest), 0));
}

function product(weights: Float32Array, from: number, values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += (weights[from + i] as number) * (values[i] as number);
  return sum;
}
