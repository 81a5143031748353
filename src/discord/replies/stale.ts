/** What is said when a button or an answer has been overtaken by time. Pure. */
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { button, buttonRows } from './components.ts';

/** The answer is no longer kept, and nothing to ask it again with. */
export function expiredReply(texts: Texts): Reply {
  return { content: texts.query.stale.expired };
}

/** The library has changed since the answer; a button asks it again. */
export function generationChangedReply(texts: Texts, answerId: string): Reply {
  const { generationChanged, again } = texts.query.stale;
  return {
    content: generationChanged,
    components: buttonRows([button(writeCustomId('again', answerId), again, 'main')]),
  };
}

/** A piece of the answer was removed from the library meanwhile. */
export function pieceGoneReply(texts: Texts, answerId: string): Reply {
  const { pieceGone, again } = texts.query.stale;
  return { content: pieceGone, components: buttonRows([button(writeCustomId('again', answerId), again, 'main')]) };
}

/** A button that another version of the bot made. */
export function otherVersionReply(texts: Texts): Reply {
  return { content: texts.query.stale.otherVersion };
}

/** For who was waiting when the bot crashed, told at its next start. */
export function interruptedReply(texts: Texts): Reply {
  return { content: texts.query.stale.interrupted };
}
