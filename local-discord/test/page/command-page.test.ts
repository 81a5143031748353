/** Commands on the page in a real Chromium, against a real discord.js bot. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { tourWindows } from './tour-windows.ts';

const given = tourWindows();
const { open, freshChannel } = given;

describe('a command', () => {
  test('is picked by keys, takes an mp3, shows progress and an answer that plays', async () => {
    const ada = await open('ada', { channelId: freshChannel('picking') });
    await ada.composer.pressSequentially('/fi');
    await ada.page.getByRole('option', { name: '/find' }).waitFor();
    await ada.page.keyboard.press('Enter');
    await ada.page.locator('input[type=file]').setInputFiles(given.tour.mp3);
    await ada.page.getByRole('button', { name: 'clip: swelling-tone.mp3' }).waitFor();
    await ada.send();

    await ada.message('Listening: 3 of 12 chunks').waitFor();
    given.tour.finish();
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
    expect(await audio.first().getAttribute('aria-label')).toBe('Nocturne in E flat, from 3:10');
  });

  test('shows "thinking" until the bot answers', async () => {
    const ada = await open('ada', { channelId: freshChannel('thinking') });
    const { speak } = given.tour.think();
    await ada.run('find', { piece: 'Waltz of the Flowers' });
    await ada.message('Leitmotif is thinking…').waitFor();
    speak();
    await ada.message('3 of 12 chunks').waitFor();
    given.tour.finish();
    await ada.message('Sounds like Waltz of the Flowers').waitFor();
  });

  test('completes an option by keys', async () => {
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
    given.tour.finish();
    await ada.message('Sounds like Nocturne in C minor').waitFor();
    expect(await ada.page.locator('textarea:focus').count()).toBe(1);
  });

  test('is not sent with invalid options', async () => {
    const ada = await open('ada', { channelId: freshChannel('checking') });
    await ada.run('find', { results: '11' });
    await ada.page.getByRole('alert').getByText('A number from 1 to 10, please.').waitFor();
    await ada.page.keyboard.press('Escape');
    await ada.run('library settings');
    await ada.page.getByRole('alert').getByText('This option is required.').waitFor();
  });

  test('takes a channel, and lists subcommands separately', async () => {
    const ada = await open('ada', { channelId: freshChannel('subcommands') });
    await ada.run('library settings', { share: '#finds' });
    const answer = ada.message(/^settings|settings finds/);
    await answer.waitFor();
    await answer.getByRole('button', { name: 'finds' }).click();
    await ada.page.getByRole('heading', { name: 'finds' }).waitFor();
  });

  test('is listed in the user’s language', async () => {
    const ben = await open('ben', { locale: 'de' });
    await ben.composer.fill('/');
    await ben.page.getByRole('option', { name: '/finde' }).getByText('Finde Musik, die so klingt').waitFor();
  });

  test('is offered for an mp3 that is dropped on the channel', async () => {
    const ada = await open('ada', { channelId: freshChannel('dropping') });
    await ada.drop(ada.page.locator('main'), 'dropped.mp3', await readFile(given.tour.mp3));
    await ada.page.getByRole('button', { name: 'Use with /find clip:' }).click();
    await ada.send();
    await ada.message('3 of 12').waitFor();
    given.tour.finish();
    await ada.message('Sounds like dropped.mp3').waitFor();
  });

  test('reports that the application did not respond', async () => {
    const ada = await open('ada', { channelId: freshChannel('failing') });
    await ada.run('sleep');
    await ada.page.getByText('Sending /sleep…').waitFor();
    given.tour.discord.advance(3000);
    await ada.page.getByRole('alert').getByText('/sleep: The application did not respond').waitFor();
    await ada.page.getByRole('button', { name: 'Dismiss message' }).click();
    expect(await ada.page.getByText('did not respond').count()).toBe(0);
  });

  test('of a message is in the message’s menu', async () => {
    const ada = await open('ada', { channelId: freshChannel('apps') });
    await ada.page.getByLabel('Files to send').setInputFiles(given.tour.mp3);
    await ada.send();
    const posted = ada.message('swelling-tone.mp3');
    await posted.locator('discord-message').click({ button: 'right', position: { x: 400, y: 8 } });
    await ada.page.getByRole('menuitem', { name: 'Find similar music' }).click();
    await ada.message('Heard swelling-tone.mp3').waitFor();
  });
});
