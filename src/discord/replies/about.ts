/** The reply to `/about`. Pure. */
import { msPerDay } from '../../format.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { commandMention } from './command-mention.ts';

export interface AboutFacts {
  readonly model: { readonly name: string; readonly version: string; readonly licence: string } | null;
  readonly answersKeptMs: number;
  /** Ids of the registered commands by name, for mentions that can be clicked. */
  readonly commandIds: ReadonlyMap<string, string>;
  /** Name of the message command. */
  readonly menuName: string;
  readonly version: string;
}

export function aboutReply(texts: Texts, facts: AboutFacts): Reply {
  const { about } = texts.library;
  const { model, commandIds } = facts;
  const mention = (name: string): string => commandMention(name, commandIds);
  const days = Math.max(1, Math.ceil(facts.answersKeptMs / msPerDay));
  return {
    embeds: [
      {
        title: about.title,
        description: about.what,
        fields: [
          {
            name: about.model,
            value: model ? about.modelLine(model.name, model.version, model.licence) : about.modelUnknown,
          },
          { name: about.kept, value: `${about.keptLine(days)}\n${texts.privacy.about(mention('privacy'))}` },
          {
            name: about.commands,
            value: [
              `${mention('similar')}: ${about.similar}`,
              about.menu(facts.menuName),
              `${libraryMention(commandIds)}: ${about.library}`,
              `${mention('privacy')}: ${texts.privacy.command.description}`,
              `${mention('help')}: ${texts.help.command.description}`,
              `${mention('about')}: ${about.about}`,
            ].join('\n'),
          },
        ],
        footer: { text: about.version(facts.version) },
      },
    ],
  };
}

/** A mention of a command with subcommands must name one of them. */
function libraryMention(commandIds: ReadonlyMap<string, string>): string {
  const id = commandIds.get('library');
  return id === undefined ? '**/library**' : `</library status:${id}>`;
}
