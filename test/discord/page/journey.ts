/** A user's session on the page, from dropping a clip to sharing a result: the test over a generated library
 *  and the README's pictures (scripts/take-screenshots.ts) follow the same steps. */
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import type { PersonPage } from '../../../local-discord/test/page/browser.ts';
import { queryEn } from '../../../src/discord/texts/query.en.ts';

export interface JourneyOptions {
  /** An mp3 of a library track. */
  readonly clip: { readonly name: string; readonly data: Buffer };
  /** Results on a page; the library must hold more similar tracks. */
  readonly results: number;
  /** Called at each step, for screenshots. */
  readonly see?: (what: 'command' | 'progress' | 'answer' | 'listen' | 'shared') => Promise<void>;
}

const answered = /This is|Sounds like|Nearest|Nothing close/;

/** @returns the answer's message */
export async function walk(
  person: PersonPage,
  { clip, results, see = async () => {} }: JourneyOptions,
): Promise<Locator> {
  // Type: the command's list, then a file dropped on the channel.
  await person.composer.fill('/');
  await person.page.getByRole('option', { name: /^\/similar/ }).waitFor();
  await person.composer.fill('');
  await person.drop(person.page.locator('main'), clip.name, clip.data);
  await person.page.getByRole('button', { name: 'Use with /similar clip:' }).click();
  await (await person.chip('results')).locator('input').fill(String(results));
  await see('command');
  await person.send();

  // Upload: progress, then the answer.
  await person.messages.last().waitFor();
  await see('progress');
  const answer = person.messages.filter({ hasText: answered }).first();
  await answer.waitFor();
  await answer.locator('audio').first().waitFor();
  await see('answer');

  // Listen: the clip in the answer, and the private ones behind the select.
  expect(await person.play(answer.locator('audio').first())).toBeGreaterThan(0);
  const listen = answer.getByRole('combobox', { name: queryEn.answer.listen });
  await listen.click();
  await answer.getByRole('option').first().click();
  const clips = person.message('Only you can see this').filter({ has: person.page.locator('audio') });
  await clips.waitFor();
  await expect.poll(() => clips.locator('audio').count(), { timeout: 100_000 }).toBe(3);
  expect(await person.play(clips.locator('audio').last())).toBeGreaterThan(0);
  await see('listen');

  // Vote: the thumb stays pressed, which its style shows.
  const thumb = clips.getByRole('button', { name: '👍', exact: true });
  const before = await thumb.getAttribute('class');
  await thumb.click();
  await expect.poll(() => thumb.getAttribute('class'), { timeout: 100_000 }).not.toBe(before);

  // More, privately.
  await answer.getByRole('button', { name: /^More \(/ }).click();
  await person
    .message(/Only you can see this/)
    .filter({ hasText: new RegExp(`\\b${results + 1}\\. `) })
    .waitFor();

  // Share: which result, then the post with votes.
  await person.press(answer, 'Share');
  const choice = person.page.getByRole('combobox', { name: queryEn.share.choosePlaceholder });
  await choice.click();
  await person.messages.filter({ has: choice }).getByRole('option').first().click();
  const post = person.message(/found by/i);
  await post.waitFor();
  await post.getByRole('button', { name: /👍 0/ }).click();
  await post.getByRole('button', { name: /👍 1/ }).waitFor();
  await see('shared');
  return answer;
}

/** What a person sees of an answer without scrolling: everything that a phone's screen must hold at once.
 *  @returns the parts that are not wholly visible between the header and the composer; empty if all are */
export async function hiddenParts(person: PersonPage, answer: Locator, pieces: number): Promise<string[]> {
  const screen = await person.page.locator('.scroller').boundingBox();
  if (!screen) return ['the messages'];
  const parts: [string, Locator][] = [
    ['the verdict', answer.locator('strong').first()],
    ...Array.from({ length: pieces }, (_, i): [string, Locator] => [
      `piece ${i + 1}`,
      answer.locator('strong').filter({ hasText: new RegExp(`^${i + 1}\\. `) }),
    ]),
    ['the player', answer.locator('audio')],
    ...(await named(answer, 'combobox')),
    ...(await named(answer, 'button')),
  ];
  const hidden: string[] = [];
  for (const [name, part] of parts) {
    const box = await part.boundingBox();
    const isInside = box && box.y >= screen.y && box.y + box.height <= screen.y + screen.height;
    if (!isInside)
      hidden.push(`${name}: ${box ? `${Math.round(box.y)} to ${Math.round(box.y + box.height)}` : 'missing'}`);
  }
  return hidden;
}

async function named(answer: Locator, role: 'combobox' | 'button'): Promise<[string, Locator][]> {
  const all = await answer.locator('.action-row').getByRole(role).all();
  return Promise.all(
    all.map(async (each): Promise<[string, Locator]> => [`${role} ${await each.textContent()}`, each]),
  );
}
