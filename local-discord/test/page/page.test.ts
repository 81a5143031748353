/** The page in a real Chromium, against a real discord.js bot. */
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocketRoute } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OpenOptions, type PageBrowser, type PersonPage, startBrowser } from './browser.ts';
import { startTour, type Tour } from './tour-bot.ts';

let browser: PageBrowser;
let tour: Tour;
/** Windows cost a second each: tests that leave nothing behind but messages share one. */
const windows = new Map<string, PersonPage>();

beforeAll(async () => {
  // First, so that a missing Chromium is said before anything else is built.
  browser = await startBrowser();
  tour = await startTour();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await tour?.[Symbol.asyncDispose]();
});
afterEach(() => {
  for (const person of windows.values()) {
    expect(person.requestsElsewhere.splice(0)).toEqual([]);
    expect(person.complaints.splice(0)).toEqual([]);
  }
  expect(tour.errors).toEqual([]);
  expect(tour.discord.violations).toEqual([]);
});

async function open(who: 'ada' | 'ben', options: OpenOptions = {}): Promise<PersonPage> {
  const { channelId = '', ...kind } = options;
  const key = JSON.stringify([who, kind]);
  const kept = windows.get(key);
  if (kept) await kept.goTo(channelId);
  const person = kept ?? (await browser.open(tour.discord.url, tour[who].id, options));
  windows.set(key, person);
  return person;
}

/** A channel of its own, so that no test sees what another left. */
function freshChannel(name: string): string {
  return tour.discord.addChannel(tour.discord.defaultGuildId, { name });
}

/** Runs the tour's /find to its end. */
async function find(person: PersonPage) {
  await person.run('find', { clip: { file: tour.mp3 } });
  await person.message('3 of 12 chunks').waitFor();
  tour.finish();
  const message = person.message('Sounds like');
  await message.waitFor();
  return message;
}

describe('a command', () => {
  test('is picked by keys, given an mp3, shows its progress and ends in an answer that plays', async () => {
    const ada = await open('ada', { channelId: freshChannel('picking') });
    await ada.composer.pressSequentially('/fi');
    await ada.page.getByRole('option', { name: '/find' }).waitFor();
    await ada.page.keyboard.press('Enter');
    await ada.page.locator('input[type=file]').setInputFiles(tour.mp3);
    await ada.page.getByRole('button', { name: 'clip: swelling-tone.mp3' }).waitFor();
    await ada.send();

    await ada.message('Listening: 3 of 12 chunks').waitFor();
    tour.finish();
    const answer = ada.message('Sounds like swelling-tone.mp3');
    await answer.waitFor();
    expect(await answer.getByText('Ada', { exact: false }).count()).toBeGreaterThan(0);
    expect(await answer.locator('strong').allInnerTexts()).toContain('Nocturne in E flat');

    const picture = answer.getByRole('img', { name: 'Where the pieces match, over time' }).first();
    await expect
      .poll(() => picture.evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(1200);

    const audio = answer.locator('audio');
    expect(await audio.count()).toBe(2);
    expect(await ada.play(audio.first())).toBeGreaterThan(0);
    await answer.getByRole('link', { name: '1-theirs-nocturne-at-3m10s.mp3' }).waitFor();
    await answer.getByText('Nocturne in E flat, from 3:10').waitFor();
  });

  test('thinks visibly until the bot says something', async () => {
    const ada = await open('ada', { channelId: freshChannel('thinking') });
    const { speak } = tour.think();
    await ada.run('find', { piece: 'Waltz of the Flowers' });
    await ada.message('Leitmotif is thinking…').waitFor();
    speak();
    await ada.message('3 of 12 chunks').waitFor();
    tour.finish();
    await ada.message('Sounds like Waltz of the Flowers').waitFor();
  });

  test('completes an option from what is typed, by keys', async () => {
    const ada = await open('ada', { channelId: freshChannel('completing') });
    await ada.pickCommand('find');
    const input = (await ada.chip('piece')).locator('input');
    await input.pressSequentially('noct');
    await ada.page.getByRole('option', { name: 'Nocturne in C minor' }).waitFor();
    expect(await ada.page.getByRole('listbox', { name: 'piece' }).getByRole('option').count()).toBe(2);
    await ada.page.keyboard.press('ArrowDown');
    await ada.page.keyboard.press('ArrowDown');
    await ada.page.keyboard.press('Enter');
    expect(await input.inputValue()).toBe('Nocturne in C minor');
    await ada.page.keyboard.press('Enter');
    await ada.message('3 of 12').waitFor();
    tour.finish();
    await ada.message('Sounds like Nocturne in C minor').waitFor();
    expect(await ada.page.locator('textarea:focus').count()).toBe(1);
  });

  test('is not sent before its options are right', async () => {
    const ada = await open('ada', { channelId: freshChannel('checking') });
    await ada.run('find', { results: '11' });
    await ada.page.getByRole('alert').getByText('A number from 1 to 10, please.').waitFor();
    await ada.page.keyboard.press('Escape');
    await ada.run('library settings');
    await ada.page.getByRole('alert').getByText('This option is required.').waitFor();
  });

  test('takes a channel, and subcommands stand apart', async () => {
    const ada = await open('ada', { channelId: freshChannel('subcommands') });
    await ada.run('library settings', { share: '#finds' });
    const answer = ada.message(/^settings|settings finds/);
    await answer.waitFor();
    await answer.getByRole('button', { name: 'finds' }).click();
    await ada.page.getByRole('heading', { name: 'finds' }).waitFor();
  });

  test('is listed in the person’s language', async () => {
    const ben = await open('ben', { locale: 'de' });
    await ben.composer.fill('/');
    await ben.page.getByRole('option', { name: '/finde' }).getByText('Finde Musik, die so klingt').waitFor();
  });

  test('offers itself for an mp3 that is dropped on the channel', async () => {
    const ada = await open('ada', { channelId: freshChannel('dropping') });
    await ada.drop(ada.page.locator('main'), 'dropped.mp3', await readFile(tour.mp3));
    await ada.page.getByRole('button', { name: 'Use with /find clip:' }).click();
    await ada.send();
    await ada.message('3 of 12').waitFor();
    tour.finish();
    await ada.message('Sounds like dropped.mp3').waitFor();
  });

  test('says so when the application does not respond', async () => {
    const ada = await open('ada', { channelId: freshChannel('failing') });
    await ada.run('sleep');
    await ada.page.getByText('NewInteraction /sleep…').waitFor();
    tour.discord.advance(3000);
    await ada.page.getByRole('alert').getByText('/sleep: The application did not respond').waitFor();
    await ada.page.getByRole('button', { name: 'Dismiss message' }).click();
    expect(await ada.page.getByText('did not respond').count()).toBe(0);
  });

  test('of a message is found at the message’s own menu', async () => {
    const ada = await open('ada', { channelId: freshChannel('apps') });
    await ada.page.getByLabel('Files to send').setInputFiles(tour.mp3);
    await ada.send();
    const posted = ada.message('swelling-tone.mp3');
    await posted.locator('discord-message').click({ button: 'right', position: { x: 400, y: 8 } });
    await ada.page.getByRole('menuitem', { name: 'Find similar music' }).click();
    await ada.message('Heard swelling-tone.mp3').waitFor();
  });
});

describe('an answer', () => {
  test('has buttons that spin until they are answered, and says which were not', async () => {
    const ada = await open('ada', { channelId: freshChannel('pressing') });
    const answer = await find(ada);
    await ada.press(answer, 'More');
    await answer.getByText('And five more').waitFor();
    expect(await answer.getByRole('button', { name: 'Share' }).isDisabled()).toBe(true);
    expect(await answer.getByRole('link', { name: 'About' }).getAttribute('href')).toBe('https://example.com/about');

    await ada.press(answer, 'Sleep');
    const busy = answer.getByRole('button', { name: 'Sleep' });
    expect(await busy.getAttribute('aria-busy')).toBe('true');
    // So that the server has it before its clock moves.
    await wait(100);
    tour.discord.advance(3000);
    await answer.getByRole('alert').getByText('The application did not respond').waitFor();
    expect(await busy.getAttribute('aria-busy')).toBe('false');
  });

  test('has selects that open, are walked by keys and tell the bot', async () => {
    const ada = await open('ada', { channelId: freshChannel('selecting') });
    const answer = await find(ada);
    await ada.choose(answer, 'Ask with one of these', 'Waltz of the Flowers');
    await ada.message('You picked 3').waitFor();
    const select = answer.getByRole('combobox');
    await select.focus();
    await ada.page.keyboard.press('ArrowDown');
    await ada.page.keyboard.press('ArrowDown');
    await ada.page.keyboard.press('Enter');
    await ada.message('You picked 2').waitFor();
  });

  test('that is private is seen by its person alone, until dismissed', async () => {
    const channelId = freshChannel('private');
    const [ada, ben] = [await open('ada', { channelId }), await open('ben', { channelId })];
    const answer = await find(ada);
    await ben.message('Sounds like').waitFor();
    await ada.press(answer, 'Listen');
    const secret = ada.message('For your ears only');
    await secret.getByText('Only you can see this').waitFor();
    // Ben's page would have it by now: it gets the next message.
    tour.ada.post(channelId, 'Did you hear?');
    await ben.message('Did you hear?').waitFor();
    expect(await ben.page.getByText('For your ears only').count()).toBe(0);
    await ada.press(secret, 'Dismiss message');
    expect(await ada.page.getByText('For your ears only').count()).toBe(0);
  });

  test('goes on playing while the message is edited', async () => {
    const ada = await open('ada', { channelId: freshChannel('playing') });
    const answer = await find(ada);
    const audio = answer.locator('audio').first();
    await ada.play(audio);
    const sourceBefore = await audio.getAttribute('src');
    // Links are signed with the time.
    tour.discord.advance(3_600_000);
    await ada.press(answer, 'More');
    await answer.getByText('And five more').waitFor();
    expect(await audio.getAttribute('src')).toBe(sourceBefore);
    expect(await audio.evaluate((element) => (element as unknown as { paused: boolean }).paused)).toBe(false);
  });

  test('in Components V2 shows text, sections, galleries and files', async () => {
    const ada = await open('ada', { channelId: freshChannel('gallery') });
    await ada.run('gallery');
    const answer = ada.message('A row with a button');
    await answer.getByRole('heading', { name: 'Everything' }).waitFor();
    await answer.getByRole('button', { name: 'Spoiler: show it' }).click();
    await answer.getByText('a secret').waitFor();
    await answer.getByRole('img', { name: 'Where the pieces match' }).first().waitFor();
    expect(await ada.play(answer.locator('audio'))).toBeGreaterThan(0);
    await ada.press(answer, 'Hear it');
    await ada.message('For your ears only').waitFor();
  });
});

describe('the page', () => {
  test('shows hostile text as text', async () => {
    const ada = await open('ada', { channelId: freshChannel('hostile') });
    const hostile =
      '<img src=x onerror="document.title=1"> [a](javascript:alert(1)) ![b](https://b.example/c.png) **<b>bold</b>**';
    await ada.composer.fill(hostile);
    await ada.page.keyboard.press('Enter');
    const message = ada.message('onerror');
    await message.getByText('<b>bold</b>').waitFor();
    expect(await message.locator('p img, p b').count()).toBe(0);
    expect(await message.locator('a[href^="javascript"]').count()).toBe(0);
    expect(await ada.page.title()).toBe('Local Discord');
  });

  test('fits a phone, with nothing to scroll sideways', async () => {
    const channelId = freshChannel('a-channel-with-a-rather-long-name-for-a-phone');
    const ada = await open('ada', { channelId, viewport: 'phone' });
    await tour.ada.post(
      channelId,
      `${'long'.repeat(60)} https://a.example/${'path'.repeat(40)}\n\`\`\`\n${'code '.repeat(60)}\n\`\`\``,
    );
    const answer = await find(ada);
    await ada.run('gallery');
    await ada.message('A row with a button').waitFor();
    expect(await ada.overflowPx()).toBe(0);
    for (const label of ['Listen', 'More', 'Sleep']) {
      const box = await answer.getByRole('button', { name: label, exact: true }).boundingBox();
      expect((box?.x ?? 999) + (box?.width ?? 999)).toBeLessThanOrEqual(390);
    }
    await ada.pickCommand('find');
    for (const option of ['piece', 'results', 'private']) await ada.chip(option);
    expect(await ada.overflowPx()).toBe(0);
    await ada.page.keyboard.press('Escape');

    const finger = { pointerType: 'touch', clientX: 60, clientY: 60, bubbles: true };
    await answer.dispatchEvent('pointerdown', finger);
    await ada.page.getByRole('menuitem', { name: 'Find similar music' }).waitFor();
    await answer.dispatchEvent('pointerup', finger);
    expect(await ada.overflowPx()).toBe(0);
    await ada.page.keyboard.press('Escape');

    expect(await ada.page.getByRole('navigation').isVisible()).toBe(false);
    await ada.page.getByRole('button', { name: 'Channels', exact: true }).click();
    await ada.page.getByRole('button', { name: 'finds' }).click();
    await ada.page.getByRole('heading', { name: 'finds' }).waitFor();
  });

  test('changes who the person is, and knows nothing of the one before', async () => {
    const channelId = freshChannel('changing');
    const ada = await open('ada', { channelId });
    const answer = await find(ada);
    await ada.press(answer, 'Listen');
    await ada.message('For your ears only').waitFor();
    await ada.page.getByLabel('You are').selectOption('Ben');
    await ada.message('Sounds like').waitFor();
    expect(await ada.page.getByText('For your ears only').count()).toBe(0);
    expect(ada.page.url()).toContain(`user=${tour.ben.id}`);
  });

  test('opens by its bare address, and for people who are gone, as the first person there is', async () => {
    const ada = await open('ada');
    for (const query of ['', '?user=1']) {
      await ada.page.goto(`${tour.discord.url}/${query}`);
      await ada.page.waitForURL(new RegExp(`user=${tour.ada.id}`));
      await ada.composer.waitFor();
    }
    // The browser itself tells of the 404.
    ada.complaints.length = 0;
  });

  test('finds what it missed when its connection comes back', async () => {
    const channelId = freshChannel('reconnecting');
    const ada = await open('ada', { channelId });
    const sockets: WebSocketRoute[] = [];
    const mayReopen = Promise.withResolvers<void>();
    await ada.page.routeWebSocket(/\/page\/events/, async (socket) => {
      if (sockets.push(socket) > 1) await mayReopen.promise;
      socket.connectToServer();
    });
    await ada.page.reload();
    await expect.poll(() => sockets.length).toBe(1);
    // Until it knows where it is, the page says otherwise that nobody answers.
    await ada.composer.waitFor();
    await sockets[0]?.close();
    await ada.page.getByText('Connection lost. Reconnecting…').waitFor();
    await tour.ada.post(channelId, 'While you were away');
    mayReopen.resolve();
    await ada.message('While you were away').waitFor();
    await ada.page.unrouteAll();
  });

  test('marks other channels with news', async () => {
    const ada = await open('ada', { channelId: freshChannel('here') });
    const thereId = freshChannel('there');
    await ada.page.reload();
    await ada.composer.waitFor();
    await tour.ben.post(thereId, 'Hello there');
    await ada.page.getByRole('button', { name: /there unread/ }).click();
    await ada.message('Hello there').waitFor();
    expect(await ada.page.getByRole('img', { name: 'unread' }).count()).toBe(0);
  });
});
