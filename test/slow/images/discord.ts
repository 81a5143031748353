/** The local Discord within a container, for the bot that has its network. On SIGUSR2, a user asks with a piece of the library, and
 *  the bot's answer is printed as one line of JSON. */
import { fileToUpload, startLocalDiscord } from '../../../local-discord/local-discord.ts';

const answerMaxMs = 120_000;
const discord = await startLocalDiscord({ port: 8765 });
const ada = discord.addUser({ name: 'Ada' });

process.on('SIGUSR2', async () => {
  await discord.untilBotIsOnline(answerMaxMs);
  const interaction = await ada.slash('similar', { clip: await fileToUpload('/music/piece-2.ogg'), results: 2 });
  // The verdict, in bold, begins the answer.
  const { content } = await interaction.until((message) => message.content.startsWith('**'), answerMaxMs);
  process.stdout.write(`${JSON.stringify({ content, violations: discord.violations })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
