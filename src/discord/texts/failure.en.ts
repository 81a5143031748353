/** Every failure in English: what happened, whose move it is, what to try. "Try again" is added where it may help. */
import type { ErrorFacts } from '../../errors.ts';
import { formatTime } from '../../format.ts';
import { amountsIn } from './amounts.ts';
import { type FailureTexts, kindsIn, numberOf, textOf, withFact } from './failure-facts.ts';

const { bytes, count, duration, list, whole } = amountsIn('en');

function withoutMusic(tracks: number, facts: ErrorFacts): string {
  const kinds = { silence: 'silence', applause: 'applause', noise: 'talk or noise' };
  return `${count(tracks, 'track', 'tracks')}, ${list(kindsIn(facts, kinds, whole))}`;
}

export const failureEn: FailureTexts = {
  'audio-empty': () => 'This file is empty: it has 0 bytes. Please send it again, or another one.',
  'audio-unreadable': () =>
    'I cannot read this as audio: it is damaged, or no recording at all. Please send an mp3, m4a, ogg, flac or wav.',
  'audio-refused': () =>
    'I do not accept this kind of file. Please send the recording as an mp3, m4a, ogg, flac or wav.',
  'audio-no-sound': () => 'There is no sound in this file, or in the part you chose. Please try another one.',
  'audio-too-short': (facts) =>
    `This is too short to compare${withFact(numberOf(facts, 'durationMinSec'), (sec) => `: I need at least ${duration(sec)}`)}. Please send a longer clip.`,
  'audio-too-long': (facts) =>
    `This recording is too long${withFact(numberOf(facts, 'durationMaxSec'), (sec) => `: I take at most ${duration(sec)}`)}. Please send a part of it.`,
  'audio-too-large': (facts) =>
    `This file is too large${withFact(numberOf(facts, 'bytesMax'), (max) => `: I take at most ${bytes(max)}`)}. Please send a shorter clip, or the same as an mp3.`,
  'audio-timeout': () =>
    'Reading this file took so long that I gave up. Please send a shorter clip, or the same as an mp3.',
  'audio-too-costly': () =>
    'Opening this file took more work than any recording needs, so I gave up: its tags are far too large. Please send it without them, or the same as an mp3.',
  'query-timeout': () => 'Searching took so long that I gave up; that is not your fault.',
  'file-unreadable': () =>
    "I cannot open this recording: its file is gone or locked. If it is a piece of the library, the bot's owner has to look.",
  'library-forbidden': () =>
    "I am not let into the place where the library's recordings lie. The bot's owner has to look.",
  'library-unavailable': () =>
    "The place where the library's recordings lie does not answer at the moment. If that lasts, the bot's owner has to look.",
  'decode-failed': () => 'My decoder was interrupted on this file; that is not your fault.',
  'bad-request': (facts) => badRequest(textOf(facts, 'problem'), facts),
  unauthorized: () => "The part of me that listens does not accept my token. The bot's owner has to mend that.",
  'model-unknown': () => "The model that I am set to use is not there. The bot's owner has to mend that.",
  'model-without-text': () =>
    "The model that I am set to use does not know words. The bot's owner can choose one that does.",
  'text-refused': () => 'I cannot search for these words: they are empty or too many. Please write a shorter phrase.',
  'space-mismatch': () =>
    "The library was indexed with another model than the one I use. The bot's owner has to reindex.",
  'queue-full': () => 'Too many recordings are waiting at the moment.',
  cancelled: () => 'This was cancelled before it was finished. Ask again whenever you like.',
  'inference-failed': () => 'Comparing failed on my side; that is not your fault.',
  'worker-unavailable': () =>
    "The part of me that listens does not answer at the moment. If that lasts, the bot's owner has to look.",
  'worker-protocol': () =>
    "The part of me that listens gave an answer that I do not understand. If that lasts, the bot's owner has to look.",
  'index-unavailable': () =>
    "The index of the library does not answer at the moment. If that lasts, the bot's owner has to look.",
  'index-empty': (facts) =>
    withFact(
      numberOf(facts, 'tracks'),
      (tracks) => `The library holds no music that I could compare yours with: ${withoutMusic(tracks, facts)}.`,
      "The library is still empty. The bot's owner, or an admin of its home server, has to index it first: **/library reindex**.",
    ),
  'index-corrupt': () => "The index of the library is damaged. The bot's owner has to build it anew.",
  'catalog-busy': () => 'My catalog of the library is busy at the moment.',
  'catalog-version': () =>
    "A newer version of me has written my catalog of the library, and I cannot read it. The bot's owner has to update me.",
  'catalog-corrupt': () => "My catalog of the library is damaged. The bot's owner has to restore it.",
  'disk-full': () => "My disk is full. The bot's owner has to make room; nothing of yours is lost.",
  'permission-denied': () => "I may not write where I store things. The bot's owner has to fix the permissions.",
  'index-locked': () => 'The library is just being indexed by someone else, and only one can do that.',
  'download-failed': () => "I could not download a model. The bot's owner has to see to it.",
  'download-refused': () => "I am not allowed to download a model. The bot's owner has to see to it.",
  'download-corrupt': () => "A model that I downloaded is not the one that I wanted. The bot's owner has to see to it.",
  'import-refused': () => 'I could not import these data. The terminal shows the reason.',
  'model-locked': () => 'The model is just being downloaded or removed by someone else.',
  stopping: () => 'I am being restarted, so this got cut off. That is not your fault.',
  'tool-missing': () => "A program that I need is not installed. The bot's owner has to install it.",
  'config-invalid': () => "My settings are wrong. The bot's owner has to correct them.",
  'track-unknown': (facts) =>
    `${withFact(textOf(facts, 'name'), (name) => `“${name}”`, 'This piece')} is not in the library. Choose one from the list that appears as you type.`,
  'link-refused': (facts) => linkRefused(textOf(facts, 'kind'), facts),
  'link-unreachable': (facts) =>
    `I cannot get anything from ${host(facts)}${withFact(numberOf(facts, 'status'), (status) => `: it answered ${status}`)}. Please check the link, or send the file itself.`,
  'link-too-large': (facts) =>
    `${withFact(textOf(facts, 'host'), (name) => `The file at **${name}**`, 'This file')} is too large${withFact(numberOf(facts, 'bytesMax'), (max) => `: I fetch at most ${bytes(max)}`)}. Please send a shorter clip.`,
  'link-too-slow': (facts) =>
    `From ${host(facts)} came too little${withFact(numberOf(facts, 'deadlineSec'), (sec) => ` within ${duration(sec)}`)}, so I gave up. Please send the file itself.`,
  'link-not-audio': (facts) => linkNotAudio(textOf(facts, 'kind'), facts),
  'answer-expired': () => 'This answer is no longer kept. Ask again, and I will listen anew.',
  'busy-person': (facts) =>
    `You have as many questions open as I take from one person${withFact(numberOf(facts, 'waitingMax'), (max) => ` (one running, ${max} waiting)`)}. Please wait for an answer, or cancel one.`,
  'busy-server': () => 'As many questions from this server are waiting as I can take.',
  'busy-bot': () => 'As many questions are waiting as I can take.',
  'cooling-down': () => 'That was quick: please leave a moment between two questions.',
  'not-allowed': (facts) =>
    textOf(facts, 'kind') === 'not-yours'
      ? 'Only the person who asked can cancel this.'
      : `You may not do that${withFact(textOf(facts, 'permission'), (name) => `: it needs the right **${name}**`)}. An admin of this server, or the bot's owner, can.`,
  'discord-permission': (facts) =>
    `I lack ${withFact(textOf(facts, 'permission'), (name) => `the right **${name}**`, 'a right that I need')} in ${withFact(textOf(facts, 'channelId'), (id) => `<#${id}>`, 'this channel')}. An admin of this server can grant it.`,
  'discord-unavailable': (facts) =>
    textOf(facts, 'kind') === 'message-gone'
      ? 'The message that I was answering in was deleted, so my answer had no place to go.'
      : 'Discord did not take my answer.',
  internal: () => "Something went wrong on my side; that is not your fault. The bot's owner finds it by the reference.",
};

function badRequest(problem: string | null, facts: ErrorFacts): string {
  switch (problem) {
    case 'one-of-three':
      return 'Please give me exactly one of **clip**, **link** and **piece**.';
    case 'time-unreadable':
      return `I cannot read ${withFact(textOf(facts, 'text'), (typed) => `“${typed}”`, 'that')} as a time. Please write it as minutes and seconds, such as 1:20.`;
    case 'to-before-from':
      return `**to** has to come after **from**${span(facts)}. Please swap or change them.`;
    case 'beyond-end':
      return `There is no sound${withFact(numberOf(facts, 'fromSec'), (sec) => ` from ${formatTime(sec)} on`, ' in that part')}. Please choose an earlier part.`;
    case 'message-without-audio':
      return 'There is no recording and no link in this message. Choose one that has an audio file.';
    default:
      return 'I do not understand these options. Please check them.';
  }
}

function span(facts: ErrorFacts): string {
  const [from, to] = [textOf(facts, 'from'), textOf(facts, 'to')];
  return from === null || to === null ? '' : `, and ${to} is not after ${from}`;
}

function linkRefused(kind: string | null, facts: ErrorFacts): string {
  switch (kind) {
    case 'music-page':
      return `I cannot get the music out of pages such as those of ${host(facts)}: please send the file itself, a voice message, or a direct link to the audio.`;
    case 'credentials':
      return 'I do not follow links with a name or a password in them. Please send the file itself.';
    case 'port':
      return 'I do not follow links to unusual ports. Please send the file itself.';
    case 'address':
      return 'I only fetch from public addresses, and this link leads elsewhere. Please send the file itself.';
    case 'message-unreadable':
      return 'I cannot open that message for you: you or I may not read it. Please send the file itself.';
    case 'redirects':
      return 'This link was passed on too often. Please send the link where it ends, or the file itself.';
    default:
      return 'I only follow links that begin with http or https. Please check the link, or send the file itself.';
  }
}

function linkNotAudio(kind: string | null, facts: ErrorFacts): string {
  switch (kind) {
    case 'encoded':
      return `The file from ${host(facts)} is compressed, and I do not decompress files. Please send the file itself.`;
    case 'message':
      return 'I see no recording in that message. Use **Find similar music** in its menu, or send the file itself.';
    default:
      return `There is a page at ${host(facts)}, not a recording. Please send the link of the audio file, or the file itself.`;
  }
}

function host(facts: ErrorFacts): string {
  return withFact(textOf(facts, 'host'), (name) => `**${name}**`, 'that address');
}
