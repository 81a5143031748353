/** Replies for outdated buttons and answers. Pure. */
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { button, buttonRows } from './components.ts';

/** The answer is no longer stored, and neither is its query. */
export function expiredReply(texts: Texts): Reply {
  return { content: texts.query.stale.expired };
}

/** The library has changed since the answer; a button runs the query again. */
export function generationChangedReply(texts: Texts, answerId: string): Reply {
  const { generationChanged, again } = texts.query.stale;
  return {
    content: generationChanged,
    components: buttonRows([button(writeCustomId('again', answerId), again, 'main')]),
  };
}

/** A piece of the answer has been removed from the library. */
export function pieceGoneReply(texts: Texts, answerId: string): Reply {
  const { pieceGone, again } = texts.query.stale;
  return { content: pieceGone, components: buttonRows([button(writeCustomId('again', answerId), again, 'main')]) };
}

/** A button of another version of the bot. */
export function otherVersionReply(texts: Texts): Reply {
  return { content: texts.query.stale.otherVersion };
}

/** For users whose query was interrupted by a crash, sent at the next start. */
export function interruptedReply(texts: Texts): Reply {
  return { content: texts.query.stale.interrupted };
}
