/** Texts of `/help`, in English. */
export interface OptionNames {
  readonly clip: string;
  readonly link: string;
  readonly piece: string;
  readonly from: string;
  readonly to: string;
}

export const helpEn = {
  command: { name: 'help', description: 'How to find music that sounds like a recording: three examples' },
  title: 'How to find music that sounds alike',
  clip: 'With a recording of yours',
  clipExample: (similar: string, { clip }: OptionNames) =>
    `${similar} **${clip}:** and choose a file. A phone recording of ten seconds is enough.`,
  part: 'With a part of a recording behind a link',
  partExample: (similar: string, { link, from, to }: OptionNames) =>
    `${similar} **${link}:** https://example.org/song.mp3 **${from}:** 0:40 **${to}:** 1:10`,
  message: 'With a recording in a message',
  messageExample: (menuName: string) => `Right-click the message, or hold it on a phone, then **Apps > ${menuName}**.`,
  more: 'And then?',
  moreLine: (similar: string, { piece }: OptionNames) =>
    `The answer names the pieces that sound most alike, with clips to compare. ${similar} **${piece}:** searches with a ` +
    'piece of the library.',
  commands: (about: string, privacy: string) =>
    `${about}: what this bot is. ${privacy}: what is stored about you, and how to delete it.`,
  sharing: {
    notHere:
      'I cannot post in this channel, because I am not a member of this server or group. Ask with the same recording in a ' +
      'server that I am in to share a result there.',
  },
};

/** Every language has these texts. */
export type HelpTexts = typeof helpEn;
