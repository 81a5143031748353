/** What the API sends, by its own zod schemas. Types only: the schemas stay on the server. */
import type { z } from 'zod';
import type { answerSchema } from '../../../src/web/answer-schemas.ts';
import type { Problem as ApiProblem } from '../../../src/web/problems.ts';
import type { queryViewSchema, stateSchema } from '../../../src/web/query-schemas.ts';
import type { librarySchema } from '../../../src/web/routes/library.ts';
import type { trackPageSchema, trackSchema, trackSortSchema } from '../../../src/web/routes/tracks.ts';

export type QueryState = z.infer<typeof stateSchema>;
export type Query = z.infer<typeof queryViewSchema>;
export type Answer = z.infer<typeof answerSchema>;
export type Result = Answer['results'][number];
export type Problem = ApiProblem;
export type LibraryState = z.infer<typeof librarySchema>;
export type Track = z.infer<typeof trackSchema>;
export type TrackPage = z.infer<typeof trackPageSchema>;
export type TrackSort = z.infer<typeof trackSortSchema>;

export interface Waveform {
  readonly durationSec: number;
  /** 0 to 255, of equal parts of the track. */
  readonly peaks: readonly number[];
}
