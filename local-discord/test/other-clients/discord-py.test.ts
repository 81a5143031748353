/** A discord.py bot at the local Discord: commands, components, modals, messages and a resumed session. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDiscord, type Person, startLocalDiscord } from '../../local-discord.ts';
import { pythonWithDiscord } from './python.ts';

const found = await pythonWithDiscord();
if ('missing' in found) console.warn(`discord.py is not tested: ${found.missing}.`);
const isMissing = 'missing' in found;

interface Told {
  readonly event: string;
  readonly [field: string]: unknown;
}

describe.skipIf(isMissing)(`a bot by discord.py${isMissing ? ` (skipped: ${found.missing})` : ''}`, () => {
  let discord: LocalDiscord;
  let ada: Person;
  let child: ChildProcessByStdio<null, Readable, Readable>;
  const told: Told[] = [];
  let complaints = '';
  const until = (event: string) => expect.poll(() => told.find((each) => each.event === event), { timeout: 100_000 });

  beforeAll(async () => {
    discord = await startLocalDiscord();
    ada = discord.addUser({ name: 'Ada', admin: true });
    child = spawn((found as { python: string }).python, [path.join(import.meta.dirname, 'bot.py')], {
      env: { ...process.env, API_URL: discord.apiUrl, GATEWAY_URL: discord.gatewayUrl, TOKEN: discord.token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line) as Told));
    child.stderr.on('data', (data) => {
      complaints += String(data);
    });
    await discord.untilBotIsOnline(60_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${complaints}`);
    });
  });
  afterAll(async () => {
    if (child && child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await discord?.[Symbol.asyncDispose]();
  });
  const panel = async () => {
    const interaction = await ada.slash('panel');
    return interaction.until(({ content }) => content === 'A panel');
  };

  test('logs in and learns of its servers', async () => {
    await until('ready').toMatchObject({ guilds: ['Local server'] });
  });

  test('receives a file, defers, and edits its answer to contain another', async () => {
    const clip = { name: 'song.mp3', data: Buffer.from('abc') };
    const interaction = await ada.slash('similar', { clip, piece: 'fugue' });
    const answer = await interaction.until(({ attachments }) => attachments.length > 0);
    expect(answer).toMatchObject({
      content: 'song.mp3 fugue',
      attachments: [{ description: 'Turned round', size: 3 }],
    });
    expect(await (await fetch(answer.attachments[0]?.url ?? '')).text()).toBe('cba');
    await interaction.until(({ embeds }) => embeds[0]?.title === 'More');
    await until('answered').toMatchObject({ same: true, size: 3 });
  });

  test('offers choices by autocompletion', async () => {
    expect(await ada.autocomplete('similar', 'piece', 'pre')).toEqual([
      { name: 'Prelude', value: 'prelude' },
      { name: 'Presto', value: 'presto' },
    ]);
  });

  test('registers a command with integer default_member_permissions', async () => {
    const eve = discord.addUser({ name: 'Eve' });
    await expect(eve.slash('panel')).rejects.toThrow('no command');
    await panel();
    await until('panel').toBeDefined();
  });

  test('answers a button by editing its message', async () => {
    const message = await panel();
    const pressed = await ada.press(message, 'Press');
    expect((await pressed.until(({ content }) => content === 'pressed')).id).toBe(message.id);
  });

  test('answers selects of strings and of users', async () => {
    const message = await panel();
    const picked = await ada.select(message, 'Pick', ['one', 'three']);
    await picked.until(({ content }) => content === 'picked one, three');
    const who = await ada.select(message, 'Who', [ada.id]);
    await who.until(({ content }) => content === 'who Ada');
  });

  test('opens a modal and answers its submission', async () => {
    const pressed = await ada.press(await panel(), 'Write');
    await pressed.ackedAtMs;
    expect(pressed.modal?.title).toBe('A form');
    const sent = await ada.submit(pressed, { [inputIds(pressed.modal)[0] ?? '']: 'Ada' });
    await sent.until(({ content }) => content === 'Hello Ada');
  });

  test('quotes a message, and a forward of one', async () => {
    const original = await ada.post(discord.defaultChannelId, 'Listen');
    const forwarded = await ada.forward(original, discord.defaultChannelId);
    for (const { id } of [original, forwarded]) {
      const interaction = await ada.messageCommand('Quote', discord.defaultChannelId, id);
      await interaction.until(({ content }) => content === '> Listen');
    }
  });

  test('types, and replies to a direct message with the one person mentioned', async () => {
    await ada.post(ada.directChannelId, 'please');
    await expect
      .poll(() => ada.messages(ada.directChannelId).at(-1))
      .toMatchObject({
        content: `Here, <@${ada.id}>`,
        mentions: [{ id: ada.id }],
        referenced_message: { content: 'please' },
      });
    expect(discord.log.some(({ path: each }) => each.endsWith('/typing'))).toBe(true);
  });

  test('resumes when its connection breaks, and misses nothing', async () => {
    discord.cutGateway();
    discord.addThread(discord.defaultChannelId, { name: 'Meanwhile', ownerId: ada.id });
    await until('resumed').toBeDefined();
    await until('thread').toMatchObject({ name: 'Meanwhile' });
    expect(told.filter(({ event }) => event === 'ready')).toHaveLength(1);
  });

  test('did nothing that Discord would refuse, and ran into no limit', () => {
    expect(discord.violations).toEqual([]);
    expect(told.filter(({ event }) => event === 'error')).toEqual([]);
    expect(complaints).not.toContain('Traceback');
  });
});

/** The custom ids of a modal's inputs, which discord.py generates. */
function inputIds(modal: { readonly components: readonly unknown[] } | null): string[] {
  const parts = (modal?.components ?? []) as { component?: Input; components?: readonly Input[] }[];
  return parts
    .flatMap(({ component, components = [] }) => [...(component ? [component] : []), ...components])
    .map((each) => each.custom_id);
}

interface Input {
  readonly custom_id: string;
}
