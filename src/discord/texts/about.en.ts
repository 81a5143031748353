/** Texts of `/about`, in English. */
import { amountsIn } from './amounts.ts';

const { count } = amountsIn('en');

export const aboutEn = {
  title: 'Leitmotif',
  what:
    'I find music in the library that sounds like your recording. I show the matching moments and play clips of them. ' +
    'I compare the audio only, not titles, charts or ratings.',
  model: 'Model',
  modelLine: (name: string, version: string, licence: string) =>
    `The model ${name} ${version}, licence: ${licence}. It runs on the machine of the bot's owner.`,
  modelUnknown: 'The model does not respond at the moment.',
  kept: 'Data I store',
  keptLine: (days: number) =>
    'I delete your recording as soon as I have processed it. I store its hash (SHA-256), its embedding and acoustic ' +
    'fingerprint (neither can be turned back into audio), the answer, and the ten-second extracts for its clips. ' +
    `All of that is deleted after ${count(days, 'day', 'days')}.`,
  commands: 'Commands',
  similar: 'find music that sounds like a clip, a link or a piece of the library',
  menu: (name: string) => `**Apps > ${name}** in a message's menu: the same with the message's recordings`,
  library: 'manage the library (for admins of a server)',
  about: 'show this page',
  version: (version: string) => `Version ${version}`,
};
