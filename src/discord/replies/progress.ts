/** The progress of a query, in one line. Pure. */
import type { Progress } from '../../answering/progress.ts';
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { button, buttonRows } from './components.ts';

export interface ProgressView extends Progress {
  /** Id of the interaction that Cancel ends; null: no button yet. */
  readonly cancelId: string | null;
}

export function progressReply(texts: Texts, view: ProgressView): Reply {
  const { cancelId } = view;
  const { cancel } = texts.query.progress;
  return {
    content: lineOf(texts, view),
    components: cancelId === null ? [] : buttonRows([button(writeCustomId('cancel', cancelId), cancel)]),
  };
}

export function cancelledReply(texts: Texts): Reply {
  return { content: texts.query.progress.cancelled };
}

/** The reply to Cancel for a query that has ended. */
export function tooLateToCancelReply(texts: Texts): Reply {
  return { content: texts.query.progress.tooLateToCancel };
}

function lineOf(texts: Texts, view: ProgressView): string {
  const { progress } = texts.query;
  switch (view.stage) {
    case 'waiting':
      return progress.waiting(view.place ?? null);
    case 'fetching':
      return progress.fetching(view);
    case 'listening':
      return progress.listening(view);
    case 'comparing':
      return progress.comparing;
    case 'cutting':
      return progress.cutting;
  }
}
