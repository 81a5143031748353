/** `npm run library -- erase-user`: for a user who asks the bot's operator to delete their data. `/privacy` does the same. */
import { isUserId } from '../catalog/people.ts';
import { LeitmotifError } from '../errors.ts';
import { counted } from '../format.ts';
import type { Services } from '../services/services.ts';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** @throws {LeitmotifError} 'bad-request' for an id that is none; 'catalog-busy' */
export async function libraryEraseUser(
  { maintenance }: Pick<Services, 'maintenance'>,
  userId: string,
): Promise<number> {
  if (!isUserId(userId)) {
    const hint = 'in Discord, switch on Developer Mode and choose Copy User ID; of an API key, web: and its id';
    throw new LeitmotifError('bad-request', `Cannot delete: expected a Discord user id (${hint}), got ${userId}`);
  }
  const { answers, embeddings, votes, shareVotes, shares, jobs } = await maintenance.erasePerson(userId);
  print(`Deleted ${counted(answers, 'answer')} with clips, and ${counted(embeddings, 'cached query embedding')}.`);
  print(`Deleted ${counted(votes, 'vote')} on results, and ${counted(shareVotes, 'vote')} on shared results.`);
  print(`Removed the user id from ${counted(shares, 'shared result')} and ${counted(jobs, 'job')}.`);
  print('Backups keep their copy until they are deleted. Messages in Discord have to be deleted there.');
  return 0;
}
