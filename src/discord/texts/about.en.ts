/** What `/about` says, in English. */
import { amountsIn } from './amounts.ts';

const { count } = amountsIn('en');

export const aboutEn = {
  title: 'Leitmotif',
  what:
    'I find music in the library that sounds like a recording you give me, with the moments that match and clips to ' +
    'hear them by. I listen; I do not read titles, charts or what others like.',
  model: 'Model',
  modelLine: (name: string, version: string, licence: string) =>
    `The model ${name} ${version}, licence: ${licence}. It runs on the machine of the bot's owner.`,
  modelUnknown: 'The model does not answer just now.',
  kept: 'Data I keep',
  keptLine: (days: number) =>
    'Your recording is deleted as soon as it was listened to. Kept are its hash (SHA-256), what the model made of it ' +
    '(vectors and an acoustic fingerprint, from which nothing can be heard), the answer, and the extracts of ten ' +
    `seconds that its clips play. All of that goes after ${count(days, 'day', 'days')}.`,
  commands: 'Commands',
  similar: 'find music that sounds like a clip, a link or a piece of the library',
  menu: (name: string) => `**Apps > ${name}** in a message's menu: the same with its recordings`,
  library: 'look after the library (for admins of a server)',
  about: 'this',
  version: (version: string) => `Version ${version}`,
};
