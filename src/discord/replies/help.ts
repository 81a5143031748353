/** The reply to `/help`: three examples. Pure. */
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { commandMention } from './command-mention.ts';

export interface HelpFacts {
  /** Ids of the registered commands by name, for mentions that can be clicked. */
  readonly commandIds: ReadonlyMap<string, string>;
}

export function helpReply({ help, query }: Texts, { commandIds }: HelpFacts): Reply {
  const { clip, link, piece, from, to, menuName } = query.command;
  const options = { clip: clip.name, link: link.name, piece: piece.name, from: from.name, to: to.name };
  const mention = (name: string) => commandMention(name, commandIds);
  const similar = mention('similar');
  return {
    embeds: [
      {
        title: help.title,
        fields: [
          { name: help.clip, value: help.clipExample(similar, options) },
          { name: help.part, value: help.partExample(similar, options) },
          { name: help.message, value: help.messageExample(menuName) },
          {
            name: help.more,
            value: `${help.moreLine(similar, options)}\n${help.commands(mention('about'), mention('privacy'))}`,
          },
        ],
      },
    ],
  };
}
