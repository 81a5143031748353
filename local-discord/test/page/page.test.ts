/** Answers and the page as a whole in a real Chromium, against a real discord.js bot. */
import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocketRoute } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { tourWindows } from './tour-windows.ts';

const given = tourWindows();
const { open, freshChannel, find } = given;

describe('an answer', () => {
  test('has buttons with a spinner until they are answered, and reports failures', async () => {
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
    given.tour.discord.advance(3000);
    await answer.getByRole('alert').getByText('The application did not respond').waitFor();
    expect(await busy.getAttribute('aria-busy')).toBe('false');
  });

  test('has selects that work by keys', async () => {
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

  test('that is private is visible only to its user, until dismissed', async () => {
    const channelId = freshChannel('private');
    const [ada, ben] = [await open('ada', { channelId }), await open('ben', { channelId })];
    const answer = await find(ada);
    await ben.message('Sounds like').waitFor();
    await ada.press(answer, 'Listen');
    const secret = ada.message('For your ears only');
    await secret.getByText('Only you can see this').waitFor();
    // Ben's page would have it by now: it gets the next message.
    given.tour.ada.post(channelId, 'Did you hear?');
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
    given.tour.discord.advance(3_600_000);
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

  test('fits a phone without horizontal scrolling', async () => {
    const channelId = freshChannel('a-channel-with-a-rather-long-name-for-a-phone');
    const ada = await open('ada', { channelId, viewport: 'phone' });
    await given.tour.ada.post(
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

  test('changes the user, and discards the state of the previous one', async () => {
    const channelId = freshChannel('changing');
    const ada = await open('ada', { channelId });
    const answer = await find(ada);
    await ada.press(answer, 'Listen');
    await ada.message('For your ears only').waitFor();
    await ada.page.getByLabel('You are').selectOption('Ben');
    await ada.message('Sounds like').waitFor();
    expect(await ada.page.getByText('For your ears only').count()).toBe(0);
    expect(ada.page.url()).toContain(`user=${given.tour.ben.id}`);
  });

  test('opens as the first user without a user or with an unknown one in the address', async () => {
    const ada = await open('ada');
    for (const query of ['', '?user=1']) {
      await ada.page.goto(`${given.tour.discord.url}/${query}`);
      await ada.page.waitForURL(new RegExp(`user=${given.tour.ada.id}`));
      await ada.composer.waitFor();
    }
    // The browser itself tells of the 404.
    ada.complaints.length = 0;
  });

  test('loads missed messages when its connection is back', async () => {
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
    await given.tour.ada.post(channelId, 'While you were away');
    mayReopen.resolve();
    await ada.message('While you were away').waitFor();
    await ada.page.unrouteAll();
  });

  test('marks other channels with unread messages', async () => {
    const ada = await open('ada', { channelId: freshChannel('here') });
    const thereId = freshChannel('there');
    await ada.page.reload();
    await ada.composer.waitFor();
    await given.tour.ben.post(thereId, 'Hello there');
    await ada.page.getByRole('button', { name: /there unread/ }).click();
    await ada.message('Hello there').waitFor();
    expect(await ada.page.getByRole('img', { name: 'unread' }).count()).toBe(0);
  });
});
