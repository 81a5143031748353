/** Texts of `/privacy`, in English. */
import { amountsIn } from './amounts.ts';

const { count } = amountsIn('en');

export const privacyEn = {
  command: { name: 'privacy', description: 'What is stored about you, and a button that deletes it' },
  title: 'Your data',
  intro: 'This is stored about you. Your recordings are not: each is deleted when its query ends.',
  nothing: 'Nothing is stored about you. Your recordings are never stored: each is deleted when its query ends.',
  queries: 'Queries',
  queriesLine: (answers: number, embeddings: number) =>
    `${count(answers, 'answer', 'answers')} with the name, tags and ten-second extracts of the recording, and ` +
    `${count(embeddings, 'cached query embedding', 'cached query embeddings')}`,
  votes: 'Thumbs',
  votesLine: (results: number, shared: number) =>
    `${count(results, 'thumb', 'thumbs')} on results, ${count(shared, 'thumb', 'thumbs')} on shared results`,
  shares: 'Shared results',
  sharesLine: (shares: number) => `${count(shares, 'result', 'results')} that you shared in a channel`,
  jobs: 'Jobs',
  jobsLine: (jobs: number) => `${count(jobs, 'reindex job or schedule', 'reindex jobs and schedules')} with your id`,
  keptLine: (days: number) => `Deleted ${count(days, 'day', 'days')} after the last use.`,
  idsKeptLine: (days: number) => `Your id is removed after ${count(days, 'day', 'days')}.`,
  rest:
    'The button does not reach messages in Discord (delete them there, or ask a moderator), nor the backups and logs of the ' +
    "bot's owner.",
  erase: 'Delete my data',
  erased: 'Your data is deleted:',
  erasedNothing: 'Nothing was stored about you any more.',
  about: (privacy: string) =>
    `Thumbs, shared results and jobs name you for a time. ${privacy} shows and deletes your data.`,
  thumbs: {
    withdraw: 'Withdraw my thumbs on this answer',
    withdrawn: (votes: number) =>
      votes === 0
        ? 'You have no thumbs on this answer.'
        : `Withdrawn: ${count(votes, 'thumb', 'thumbs')} on this answer.`,
  },
  notYours: 'This button belongs to another user. Use **/privacy** for your own data.',
};

/** Every language has these texts. */
export type PrivacyTexts = typeof privacyEn;
