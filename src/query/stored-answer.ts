/** Answers as they are kept in the catalog: what was asked, with what, and what was found. */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { AnswerRow, QuestionKey } from '../catalog/answers.ts';
import type { Answer } from './answer.ts';

/** What was asked with, as far as it is kept: never a link, which may hold a secret and rots. */
const sourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('clip'), name: z.string() }),
  z.object({ kind: z.literal('link'), name: z.string() }),
  z.object({ kind: z.literal('piece'), name: z.string(), trackId: z.int() }),
]);
export type QuestionSource = z.infer<typeof sourceSchema>;

/** Everything that changes an answer, beside what was asked with. */
const optionsSchema = z.object({
  fromSec: z.number().nullable(),
  toSec: z.number().nullable(),
  /** Pieces on a page. */
  results: z.int(),
  /** More than two pieces of one artist. */
  sameArtist: z.boolean(),
  neighbours: z.int(),
  fusion: z.string(),
  includeNonMusic: z.boolean(),
  /** Whether hubs were corrected; answers that were stored before there was such a thing do not say, and were not. */
  hubCorrection: z.boolean().default(false),
  /** The piece that was asked with, which is not to be found. */
  leaveOut: z.int().nullable(),
});
export type AnswerOptions = z.infer<typeof optionsSchema>;

export interface StoredAnswer extends Omit<QuestionKey, 'options'> {
  readonly id: string;
  readonly source: QuestionSource;
  readonly options: AnswerOptions;
  readonly answer: Answer;
  readonly askerId: string;
  readonly createdAtMs: number;
}

/** Raised when Answer changes its form; older rows are then expired. */
const format = 1;
const idAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const idLength = 12;

/** 62 bits: not to be guessed, and short enough for a custom id. */
export function newAnswerId(): string {
  return Array.from({ length: idLength }, () => idAlphabet[randomInt(idAlphabet.length)]).join('');
}

/** The canonical text of options: fields in the schema's order, so that equal options are equal texts. */
export function optionsText(options: AnswerOptions): string {
  return JSON.stringify(optionsSchema.parse(options));
}

export function toRow({ options, source, answer, ...row }: Omit<StoredAnswer, 'createdAtMs'>) {
  const text = JSON.stringify({ format, answer });
  return { ...row, options: optionsText(options), source: JSON.stringify(source), answer: text };
}

/** @returns null for a row that another version wrote in another form */
export function fromRow(row: AnswerRow): StoredAnswer | null {
  const options = optionsSchema.safeParse(JSON.parse(row.options));
  const source = sourceSchema.safeParse(JSON.parse(row.source));
  const { format: written, answer } = JSON.parse(row.answer) as { format: unknown; answer: Answer };
  if (!options.success || !source.success || written !== format) return null;
  return { ...row, options: options.data, source: source.data, answer };
}
