import { expect, test } from 'vitest';
import { type LocalDiscord, startLocalDiscord } from '../local-discord.ts';

const day = 24 * 3_600_000;

/** The link to a file that Ada posted. */
async function postedLink(discord: LocalDiscord, name = 'song.mp3', data = Buffer.from('0123456789')) {
  const message = await discord.addUser({ name: 'Ada' }).post(discord.defaultChannelId, 'Hear', [{ name, data }]);
  return { url: message.attachments[0]?.url ?? '', id: message.id };
}

test('a link returns the file with its uploaded type', async () => {
  await using discord = await startLocalDiscord();
  const response = await fetch((await postedLink(discord)).url);
  expect(response.headers.get('content-type')).toBe('audio/mpeg');
  expect(await response.text()).toBe('0123456789');
});

test('ranges work, so that players can seek', async () => {
  await using discord = await startLocalDiscord();
  const response = await fetch((await postedLink(discord)).url, { headers: { range: 'bytes=2-4' } });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe('bytes 2-4/10');
  expect(await response.text()).toBe('234');
});

test('a link expires within a day, and the message has a new one', async () => {
  await using discord = await startLocalDiscord();
  const { url } = await postedLink(discord);
  discord.advance(day);
  const response = await fetch(url);
  expect(response.status).toBe(404);
  expect(await response.text()).toBe('This content is no longer available.');
  const [message] = discord.messages(discord.defaultChannelId);
  expect((await fetch(message?.attachments[0]?.url ?? '')).status).toBe(200);
});

test('a link stays the same for an hour, so that players do not reload', async () => {
  await using discord = await startLocalDiscord();
  const { url } = await postedLink(discord);
  const [message] = discord.messages(discord.defaultChannelId);
  expect(message?.attachments[0]?.url).toBe(url);
});

test.each([
  ['without its signature', (url: string) => url.split('?')[0] ?? ''],
  ['with a longer life', (url: string) => url.replace(/ex=\w+/, 'ex=ffffffff')],
  ['to another name', (url: string) => url.replace('song.mp3', 'other.mp3')],
])('a link %s brings nothing', async (_, forge) => {
  await using discord = await startLocalDiscord();
  const { url } = await postedLink(discord);
  expect((await fetch(forge(url))).status).toBe(404);
});

test('a file is renamed like at Discord, and keeps its title', async () => {
  await using discord = await startLocalDiscord();
  await postedLink(discord, 'Für Elise (1810).mp3');
  const [message] = discord.messages(discord.defaultChannelId);
  expect(message?.attachments).toMatchObject([{ filename: 'Fr_Elise_1810.mp3', title: 'Für Elise (1810)' }]);
});

test('the CDN also fails on demand', async () => {
  await using discord = await startLocalDiscord();
  const { url } = await postedLink(discord);
  discord.faults.next('GET /attachments/', 'status502');
  discord.faults.next('GET /attachments/', 'dropped');
  expect((await fetch(url)).status).toBe(502);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  expect((await fetch(url)).status).toBe(200);
});
