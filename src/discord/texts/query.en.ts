/** Replies about queries, in English. Placeholders are arguments. */
import type { Progress } from '../../answering/progress.ts';
import { formatTime } from '../../format.ts';
import { englishPictureWords, type PictureWords } from '../../media/picture-words.ts';
import { verdictInEnglish } from '../../query/answer-words.ts';
import { amountsIn } from './amounts.ts';
import { similarCommandEn } from './command.en.ts';
import { failureEn } from './failure.en.ts';
import type { ClipKind, QueryFacts, Reason } from './query-facts.ts';

const { whole, score, tenths, bytes, count, list } = amountsIn('en');
const picture: PictureWords = englishPictureWords;
const clipKinds: Readonly<Record<ClipKind, string>> = { theirs: 'theirs', yours: 'yours', ab: 'both in turn' };

export const queryEn = {
  untitled: 'untitled',
  verdict: verdictInEnglish,
  picture,
  closeness: {
    identical: 'identical',
    'very similar': 'very similar',
    similar: 'similar',
    'less similar': 'less similar',
  },

  answer: {
    furtherPlaces: (from: number, to: number) => (from === to ? `Result ${from}` : `Results ${from} to ${to}`),
    queryLine: ({ name, durationSec, part, chunks }: QueryFacts) => {
      const all = formatTime(durationSec);
      // A query with the beginning only decodes no further, so the end is unknown.
      const isEndKnown = part !== null && part.toSec < durationSec - 0.5;
      const where = part
        ? `${formatTime(part.fromSec)} to ${formatTime(part.toSec)}${isEndKnown ? ` of ${all}` : ''}`
        : all;
      return `Query: ${name}, ${where}: ${count(chunks, 'chunk', 'chunks')} compared`;
    },
    notCompared: (kinds: readonly { readonly name: string; readonly chunks: number }[]) =>
      `, excluded: ${list(kinds.map(({ name, chunks }) => `${whole(chunks)} as ${name}`))}`,
    otherRecording: 'Try another recording, or another part of it (options **from** and **to**).',
    longerPart:
      'Try a longer or another part (options **from** and **to**). These pieces are the nearest ones, but none is a close match.',
    empty: 'The library contains nothing to rank.',
    score: (closeness: string, value: number, votes: number) =>
      `${closeness}, score ${score(value)} · ${count(votes, 'vote', 'votes')}`,
    alsoAs: (names: readonly string[], more: number) =>
      `also as ${list([...names, ...(more > 0 ? [`${whole(more)} more`] : [])])}`,
    times: (yoursSec: number, theirsSec: number) => `yours ${formatTime(yoursSec)} - theirs ${formatTime(theirsSec)}`,
    reason: ({ isSameRecording, agreeingChunks, voters, inStepSec }: Reason) =>
      `${isSameRecording ? 'same recording by its fingerprint; ' : ''}` +
      `${whole(agreeingChunks)} of ${count(voters, 'chunk', 'chunks')} ${agreeingChunks === 1 ? 'agrees' : 'agree'}` +
      `${inStepSec === null ? '' : `, ${whole(inStepSec)} s in step`}`,
    sameRecording: 'the same recording',
    likeness: { sound: 'same sound', harmony: 'same harmony', both: 'same in both' },
    fromMemory: 'Cached answer',
    footer: (model: string, generation: string, ms: number, reference: string) =>
      `${model} · generation ${generation} · ${tenths(ms / 1000)} s · reference ${reference}`,
    listen: 'Listen to a piece',
    why: 'Why?',
    more: (from: number, to: number) => (from === to ? `More (${from})` : `More (${from} to ${to})`),
    share: 'Share',
    ask: 'Query with one of these pieces',
    rate: 'Rate a piece',
  },

  clips: {
    kinds: clipKinds,
    order: (listed: string) => `Clips, in this order: ${listed}`,
    single: (rank: number) => `Clip of ${rank}, the others under Listen`,
    picture: (verdict: string, pieces: string) => `Match picture. ${verdict}. One lane for each piece: ${pieces}`,
    theirs: (piece: string, sec: number) => `${piece}, from ${formatTime(sec)}`,
    yours: (query: string, sec: number) => `${query} (yours), from ${formatTime(sec)}`,
    ab: (query: string, piece: string) => `${query} (yours), then ${piece}`,
    pictureFile: 'the picture',
    ofPiece: (rank: number) => `clips of ${rank}`,
    tooLarge: (what: readonly string[]) => `Too large to attach here: ${list(what)}.`,
    notCut: (ranks: readonly number[]) =>
      `No clips of ${list(ranks.map(String))}: ${ranks.length === 1 ? 'its recording' : 'their recordings'} cannot be read at the moment.`,
    mayNotAttach: (permission: string) =>
      `The clip is missing, because I lack the permission **${permission}** here. An admin of this server can grant it.`,
    yoursMissing: {
      clip: 'Your own clip is no longer stored. Run the query again to hear both.',
      piece: 'The query piece cannot be read at the moment, so only theirs can be played.',
    },
    none: 'There is nothing to play.',
  },

  votes: {
    up: '👍',
    down: '👎',
    saved: (vote: string, piece: string) => `Saved: ${vote} for ${piece}. You can change it at any time.`,
  },

  share: {
    choose: (channel: string) => `Which result should I post in ${channel}?`,
    choosePlaceholder: 'Choose a piece',
    isSame: (query: string, piece: string) => `${query} is ${piece}`,
    soundsLike: (query: string, piece: string) => `${query} sounds like ${piece}`,
    isNear: (query: string, piece: string) => `${query}, nearest piece: ${piece}`,
    foundBy: (person: string) => `Found by ${person}`,
    posted: (channel: string, link: string) => `Posted in ${channel}: ${link}`,
    already: (channel: string, link: string) => `This result is already in ${channel}: ${link}`,
    beingPosted: (channel: string) => `This result is being posted in ${channel}.`,
  },

  progress: {
    waiting: (place: number | null) => (place === null ? 'Waiting.' : `Waiting: place ${whole(place)} in the queue.`),
    fetching: ({ bytes: got, bytesTotal }: Progress) =>
      got === undefined ? 'Downloading.' : `Downloading: ${bytes(got)}${bytesTotal ? ` of ${bytes(bytesTotal)}` : ''}.`,
    listening: ({ decodedSec, chunksDone, chunksLeft }: Progress) => {
      const position = decodedSec ? ` to ${formatTime(decodedSec)}` : '';
      const done = chunksDone ? `: ${count(chunksDone, 'chunk', 'chunks')} done` : '';
      const left = chunksDone && typeof chunksLeft === 'number' ? `, ${whole(chunksLeft)} left` : '';
      return `Listening${position}${done}${left}.`;
    },
    comparing: 'Comparing with the library.',
    cutting: 'Cutting the clip.',
    cancel: 'Cancel',
    cancelled: 'Cancelled.',
    tooLateToCancel: 'This query has already ended.',
  },

  stale: {
    expired: 'This answer is no longer stored. Please run the query again with the same clip or link.',
    pieceGone: 'This piece has been removed from the library.',
    generationChanged: 'The library has changed since this answer, so the results may be out of date.',
    otherVersion:
      'This button is from another version of the bot and no longer works. Please run the query again with **/similar**.',
    again: 'Run again',
    interrupted: 'I was restarted, so your query was interrupted. Please run it again.',
  },

  choose: {
    question: 'This message contains several recordings or links. Which one should I use as the query?',
    placeholder: 'Choose one',
    more: (amount: number) => `${count(amount, 'further one is', 'further ones are')} not listed.`,
    file: (size: string) => `file, ${size}`,
    fileOfUnknownSize: 'file',
    link: 'link',
    nothing:
      'This message contains no recording and no link. Choose a message with an audio file, or send a clip with **/similar**.',
    bytes,
  },

  again: (retryAt: string | null) => (retryAt === null ? 'Try again in a few minutes.' : `Try again ${retryAt}.`),
  reference: (reference: string) => `reference ${reference}`,
  failure: failureEn,

  permissions: {
    ViewChannel: 'View Channel',
    SendMessages: 'Send Messages',
    SendMessagesInThreads: 'Send Messages in Threads',
    EmbedLinks: 'Embed Links',
    AttachFiles: 'Attach Files',
    ReadMessageHistory: 'Read Message History',
    ManageGuild: 'Manage Server',
  },

  command: similarCommandEn,
};

/** Every language has these texts. */
export type QueryTexts = typeof queryEn;
