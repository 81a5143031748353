/** The reply to every error code, in English: what happened, who can fix it, what to try. "Try again" is added to retryable errors. */
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
  'audio-empty': () => 'This file is empty (0 bytes). Please send it again, or send another file.',
  'audio-unreadable': () =>
    'I cannot read this file as audio: it is damaged, or it is not a recording. Please send an mp3, m4a, ogg, flac or wav.',
  'audio-refused': () =>
    'I do not accept this kind of file. Please send the recording as an mp3, m4a, ogg, flac or wav.',
  'audio-no-sound': () => 'This file, or the part that you chose, contains no sound. Please try another one.',
  'audio-too-short': (facts) =>
    `This recording is too short to compare${withFact(numberOf(facts, 'durationMinSec'), (sec) => `: I need at least ${duration(sec)}`)}. Please send a longer clip.`,
  'audio-too-long': (facts) =>
    `This recording is too long${withFact(numberOf(facts, 'durationMaxSec'), (sec) => `: the limit is ${duration(sec)}`)}. Please send a part of it.`,
  'audio-too-large': (facts) =>
    `This file is too large${withFact(numberOf(facts, 'bytesMax'), (max) => `: the limit is ${bytes(max)}`)}. Please send a shorter clip, or convert it to mp3.`,
  'audio-timeout': () =>
    'Reading this file took too long, so I stopped. Please send a shorter clip, or convert it to mp3.',
  'audio-too-costly': () =>
    'Opening this file took too much work, so I stopped: its tags are far too large. Please send it without tags, or convert it to mp3.',
  'query-timeout': () => 'The search took too long, so I stopped; that is not your fault.',
  'file-unreadable': () =>
    "I cannot open this recording: its file is missing or locked. If it is a piece of the library, please tell the bot's owner.",
  'library-forbidden': () => "I have no access to the library's recordings. Please tell the bot's owner.",
  'library-unavailable': () =>
    "The storage of the library's recordings does not respond at the moment. If this continues, please tell the bot's owner.",
  'decode-failed': () => 'The decoder was interrupted while it read this file; that is not your fault.',
  'bad-request': (facts) => badRequest(textOf(facts, 'problem'), facts),
  unauthorized: () => "The embedding worker does not accept my token. The bot's owner has to correct it.",
  'model-unknown': () => "The configured model is missing. Please tell the bot's owner.",
  'model-without-text': () =>
    "The configured model does not support text queries. The bot's owner can choose one that does.",
  'text-refused': () => 'I cannot search for this text: it is empty or too long. Please write a shorter phrase.',
  'space-mismatch': () => "The library was indexed with a different model. The bot's owner has to reindex it.",
  'queue-full': () => 'Too many recordings are waiting at the moment.',
  cancelled: () => 'This query was cancelled. You can run it again at any time.',
  'inference-failed': () => 'The comparison failed on my side; that is not your fault.',
  'worker-unavailable': () =>
    "The embedding worker does not respond at the moment. If this continues, please tell the bot's owner.",
  'worker-protocol': () =>
    "The embedding worker sent an invalid response. If this continues, please tell the bot's owner.",
  'index-unavailable': () =>
    "The index of the library does not respond at the moment. If this continues, please tell the bot's owner.",
  'index-empty': (facts) =>
    withFact(
      numberOf(facts, 'tracks'),
      (tracks) => `The library contains no music to compare yours with: ${withoutMusic(tracks, facts)}.`,
      "The library is empty. The bot's owner, or an admin of its home server, has to index it first: **/library reindex**.",
    ),
  'index-corrupt': () => "The index of the library is damaged. The bot's owner has to rebuild it.",
  'catalog-busy': () => 'The catalog of the library is busy at the moment.',
  'catalog-version': () =>
    "A newer version of the bot wrote the catalog of the library, and this version cannot read it. The bot's owner has to update the bot.",
  'catalog-corrupt': () => "The catalog of the library is damaged. The bot's owner has to restore it.",
  'disk-full': () => "My disk is full. The bot's owner has to free space; you have lost nothing.",
  'permission-denied': () =>
    "I have no permission to write to my data folder. The bot's owner has to fix the permissions.",
  'index-locked': () => 'Another process is indexing the library. Only one can do so at a time.',
  'download-failed': () => "I could not download a model. Please tell the bot's owner.",
  'download-refused': () => "I am not allowed to download a model. Please tell the bot's owner.",
  'download-corrupt': () => "A downloaded model failed verification. Please tell the bot's owner.",
  'import-refused': () => 'The import failed. The terminal shows the reason.',
  'model-locked': () => 'Another process is downloading or removing the model.',
  stopping: () => 'I am being restarted, so your query was interrupted. That is not your fault.',
  'tool-missing': () => "A required program is not installed. The bot's owner has to install it.",
  'config-invalid': () => "My configuration is invalid. The bot's owner has to correct it.",
  'track-unknown': (facts) =>
    `${withFact(textOf(facts, 'name'), (name) => `“${name}”`, 'This piece')} is not in the library. Choose one from the list that appears as you type.`,
  'link-refused': (facts) => linkRefused(textOf(facts, 'kind'), facts),
  'link-unreachable': (facts) =>
    `I cannot download from ${host(facts)}${withFact(numberOf(facts, 'status'), (status) => `: the server returned status ${status}`)}. Please check the link, or send the file itself.`,
  'link-too-large': (facts) =>
    `${withFact(textOf(facts, 'host'), (name) => `The file at **${name}**`, 'This file')} is too large${withFact(numberOf(facts, 'bytesMax'), (max) => `: the limit is ${bytes(max)}`)}. Please send a shorter clip.`,
  'link-too-slow': (facts) =>
    `The download from ${host(facts)} was too slow${withFact(numberOf(facts, 'deadlineSec'), (sec) => ` (limit: ${duration(sec)})`)}, so I stopped. Please send the file itself.`,
  'link-not-audio': (facts) => linkNotAudio(textOf(facts, 'kind'), facts),
  'answer-expired': () => 'This answer is no longer stored. Please run the query again.',
  'busy-person': (facts) =>
    `You have reached the limit of open queries${withFact(numberOf(facts, 'waitingMax'), (max) => ` (one running, ${max} waiting)`)}. Please wait for an answer, or cancel a query.`,
  'busy-server': () => 'Too many queries from this server are waiting.',
  'busy-bot': () => 'Too many queries are waiting.',
  'cooling-down': () => 'Please wait a moment between two queries.',
  'not-found': () => 'I cannot find that: it does not exist, or it is not yours.',
  'not-allowed': (facts) =>
    textOf(facts, 'kind') === 'not-yours'
      ? 'Only the user who started this query can cancel it.'
      : `You are not allowed to do that${withFact(textOf(facts, 'permission'), (name) => `: it requires the permission **${name}**`)}. Please ask an admin of this server, or the bot's owner.`,
  'discord-permission': (facts) =>
    `I lack ${withFact(textOf(facts, 'permission'), (name) => `the permission **${name}**`, 'a required permission')} in ${withFact(textOf(facts, 'channelId'), (id) => `<#${id}>`, 'this channel')}. An admin of this server can grant it.`,
  'discord-unavailable': (facts) =>
    textOf(facts, 'kind') === 'message-gone'
      ? 'The message for my answer was deleted, so I could not show it.'
      : 'Discord did not accept my answer.',
  internal: () =>
    "Something went wrong on my side; that is not your fault. The bot's owner can find the cause with the reference.",
};

function badRequest(problem: string | null, facts: ErrorFacts): string {
  switch (problem) {
    case 'one-of-three':
      return 'Please give exactly one of **clip**, **link** and **piece**.';
    case 'time-unreadable':
      return `I cannot read ${withFact(textOf(facts, 'text'), (typed) => `“${typed}”`, 'that')} as a time. Please write it as minutes and seconds, such as 1:20.`;
    case 'to-before-from':
      return `**to** must be after **from**${span(facts)}. Please swap or change them.`;
    case 'beyond-end':
      return `There is no sound${withFact(numberOf(facts, 'fromSec'), (sec) => ` from ${formatTime(sec)} on`, ' in that part')}. Please choose an earlier part.`;
    case 'message-without-audio':
      return 'This message contains no recording and no link. Choose a message with an audio file.';
    default:
      return 'These options are invalid. Please check them.';
  }
}

function span(facts: ErrorFacts): string {
  const [from, to] = [textOf(facts, 'from'), textOf(facts, 'to')];
  return from === null || to === null ? '' : `, and ${to} is not after ${from}`;
}

function linkRefused(kind: string | null, facts: ErrorFacts): string {
  switch (kind) {
    case 'music-page':
      return `I cannot download music from the pages of ${host(facts)}. Please send the file itself, a voice message, or a direct link to the audio.`;
    case 'credentials':
      return 'I do not follow links that contain a user name or a password. Please send the file itself.';
    case 'port':
      return 'I do not follow links to unusual ports. Please send the file itself.';
    case 'address':
      return 'I only download from public addresses, and this link leads to a private one. Please send the file itself.';
    case 'message-unreadable':
      return 'I cannot open that message: you or I have no permission to read it. Please send the file itself.';
    case 'redirects':
      return 'This link redirects too often. Please send the final link, or the file itself.';
    default:
      return 'I only follow links that begin with http or https. Please check the link, or send the file itself.';
  }
}

function linkNotAudio(kind: string | null, facts: ErrorFacts): string {
  switch (kind) {
    case 'encoded':
      return `The file from ${host(facts)} is compressed, and I do not decompress files. Please send the file itself.`;
    case 'message':
      return 'I found no recording in that message. Use **Find similar music** in its menu, or send the file itself.';
    default:
      return `This is a text or a web page (from ${host(facts)}), not a recording. Please send an audio file, or a direct link to one.`;
  }
}

function host(facts: ErrorFacts): string {
  return withFact(textOf(facts, 'host'), (name) => `**${name}**`, 'that address');
}
