/** Stored answers: the query's source, options and answer as rows of the catalog. */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { AnswerRow, QuestionKey } from '../catalog/answers.ts';
import { focusNames } from '../domain.ts';
import type { Answer, Result } from './answer.ts';

/** The query's source. Links are never stored: they may contain a secret, and they expire. */
const sourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('clip'), name: z.string() }),
  z.object({ kind: z.literal('link'), name: z.string() }),
  z.object({ kind: z.literal('piece'), name: z.string(), trackId: z.int() }),
  z.object({
    kind: z.literal('pieces'),
    name: z.string(),
    plus: z.array(z.int()).min(1),
    minus: z.array(z.int()),
  }),
]);
export type QuestionSource = z.infer<typeof sourceSchema>;

/** All options that affect an answer. */
const optionsSchema = z.object({
  fromSec: z.number().nullable(),
  toSec: z.number().nullable(),
  /** Results per page. */
  results: z.int(),
  /** Whether more than two results of one artist are allowed. */
  sameArtist: z.boolean(),
  neighbours: z.int(),
  fusion: z.string(),
  focus: z.enum(focusNames).default('balanced'),
  includeNonMusic: z.boolean(),
  /** Whether hubs were corrected. Answers stored by older versions lack this field and were not corrected. */
  hubCorrection: z.boolean().default(false),
  /** Id of the library track used as the query, which is excluded from its own results. */
  leaveOut: z.int().nullable(),
  /** The results are those whose match is at least this, and the first. Answers stored by older versions have all. */
  minMatch: z.int().default(0),
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

/** Version of the stored form, raised when it changes. Rows of other versions count as expired. */
const format = 1;
const idAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const idLength = 12;

/** 62 bits: unguessable, and short enough for a custom id. */
export function newAnswerId(): string {
  return Array.from({ length: idLength }, () => idAlphabet[randomInt(idAlphabet.length)]).join('');
}

/** Canonical JSON of options, with fields in the schema's order, so that equal options give equal texts. */
export function optionsText(options: AnswerOptions): string {
  return JSON.stringify(optionsSchema.parse(options));
}

export function toRow({ options, source, answer, ...row }: Omit<StoredAnswer, 'createdAtMs'>) {
  const text = JSON.stringify({ format, answer: { ...answer, results: answer.results.map(storedResult) } });
  return { ...row, options: optionsText(options), source: JSON.stringify(source), answer: text };
}

/** @returns null for a row of another format version */
export function fromRow(row: AnswerRow): StoredAnswer | null {
  const options = optionsSchema.safeParse(JSON.parse(row.options));
  const source = sourceSchema.safeParse(JSON.parse(row.source));
  const { format: written, answer } = JSON.parse(row.answer) as { format: unknown; answer: AnswerAsStored };
  if (!options.success || !source.success || written !== format) return null;
  return { ...row, options: options.data, source: source.data, answer: restoredAnswer(answer) };
}

/** Stored results have the score under its published name, `combined`. */
interface ResultAsStored extends Omit<Result, 'score'> {
  readonly combined: number;
}
type AnswerAsStored = Omit<Answer, 'results'> & { readonly results: readonly ResultAsStored[] };

function storedResult({ score, ...rest }: Result): ResultAsStored {
  return { ...rest, combined: score };
}

function restoredAnswer({ results, ...rest }: AnswerAsStored): Answer {
  return { ...rest, results: results.map(({ combined, ...result }) => ({ ...result, score: combined })) };
}
