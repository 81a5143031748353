/** Messages and commands of the tour's bot. */
import {
  type ApplicationCommandDataResolvable,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ButtonStyle,
  ComponentType,
  type InteractionEditReplyOptions,
  type InteractionReplyOptions,
  MessageFlags,
  SeparatorSpacingSize,
} from 'discord.js';
import type { TourFiles } from './tour-bot.ts';

export const pieces = ['Nocturne in E flat', 'Nocturne in C minor', 'Waltz of the Flowers'];

export const commands: ApplicationCommandDataResolvable[] = [
  {
    name: 'find',
    nameLocalizations: { de: 'finde' },
    description: 'Find music that sounds like this',
    descriptionLocalizations: { de: 'Finde Musik, die so klingt' },
    options: [
      {
        name: 'clip',
        type: ApplicationCommandOptionType.Attachment,
        description: 'A file',
        file_types: ['audio'],
      } as never,
      {
        name: 'piece',
        type: ApplicationCommandOptionType.String,
        description: 'A piece of the library',
        autocomplete: true,
      },
      {
        name: 'results',
        type: ApplicationCommandOptionType.Integer,
        description: 'How many',
        minValue: 1,
        maxValue: 10,
      },
      { name: 'private', type: ApplicationCommandOptionType.Boolean, description: 'Only for you' },
    ],
  },
  {
    name: 'library',
    description: 'The library',
    options: [
      { name: 'status', type: ApplicationCommandOptionType.Subcommand, description: 'What is in it' },
      {
        name: 'settings',
        type: ApplicationCommandOptionType.Subcommand,
        description: 'How it behaves here',
        options: [{ name: 'share', type: ApplicationCommandOptionType.Channel, description: 'Where', required: true }],
      },
    ],
  },
  { name: 'gallery', description: 'Everything a message can hold' },
  { name: 'sleep', description: 'Never answers' },
  { name: 'Find similar music', type: ApplicationCommandType.Message },
];

export function answer({ mp3, picture }: TourFiles, asked: string, results: number): InteractionEditReplyOptions {
  return {
    content: '',
    embeds: [
      {
        title: `Sounds like ${asked}`,
        description: [
          'Nothing in the library **is** this recording; these sound most like it:',
          `1. **Nocturne in E flat**, Anna Example · *very close* · yours \`0:40\` - theirs \`3:10\``,
          '2. **Waltz of the Flowers**, Ensemble Example · *close* · yours `1:05` - theirs `0:20`',
          '-# Same tempo, strings over a low drone',
          `Asked <t:${Math.floor(Date.now() / 1000)}:R>, ${results} results`,
        ].join('\n'),
        color: 0x5865f2,
        image: { url: 'attachment://match.png' },
        footer: { text: 'Clips below, in this order' },
      },
    ],
    files: [
      { attachment: picture, name: 'match.png', description: 'Where the pieces match, over time' },
      { attachment: mp3, name: '1-theirs-nocturne-at-3m10s.mp3', description: 'Nocturne in E flat, from 3:10' },
      { attachment: mp3, name: '1-yours-then-theirs.mp3', description: 'Yours, then theirs' },
    ],
    components: [
      {
        type: ComponentType.ActionRow,
        components: [
          { type: ComponentType.Button, style: ButtonStyle.Primary, label: 'Listen', customId: 'listen' },
          { type: ComponentType.Button, style: ButtonStyle.Secondary, label: 'More', customId: 'more' },
          { type: ComponentType.Button, style: ButtonStyle.Success, label: 'Share', customId: 'share', disabled: true },
          { type: ComponentType.Button, style: ButtonStyle.Danger, label: 'Sleep', customId: 'sleep' },
          { type: ComponentType.Button, style: ButtonStyle.Link, label: 'About', url: 'https://example.com/about' },
        ],
      },
      {
        type: ComponentType.ActionRow,
        components: [
          {
            type: ComponentType.StringSelect,
            customId: 'ask',
            placeholder: 'Ask with one of these',
            options: pieces.map((label, i) => ({ label, value: `${i + 1}`, description: `Number ${i + 1}` })),
          },
        ],
      },
    ],
  };
}

/** Components V2, with one of each. */
export function gallery({ picture, mp3 }: TourFiles): InteractionReplyOptions {
  const media = { url: 'attachment://match.png' };
  return {
    flags: MessageFlags.IsComponentsV2,
    files: [
      { attachment: picture, name: 'match.png' },
      { attachment: mp3, name: 'clip.mp3', description: 'A tone' },
    ],
    components: [
      {
        type: ComponentType.Container,
        accentColor: 0x5865f2,
        components: [
          {
            type: ComponentType.TextDisplay,
            content: '## Everything\n> a quote with <@1> and ||a secret||\n- one\n- two',
          },
          { type: ComponentType.Separator, divider: true, spacing: SeparatorSpacingSize.Small },
          {
            type: ComponentType.Section,
            components: [{ type: ComponentType.TextDisplay, content: 'A row with a button' }],
            accessory: { type: ComponentType.Button, style: ButtonStyle.Primary, label: 'Hear it', customId: 'listen' },
          },
          { type: ComponentType.MediaGallery, items: [{ media, description: 'Where the pieces match' }] },
          { type: ComponentType.File, file: { url: 'attachment://clip.mp3' } },
        ],
      },
    ],
  };
}
