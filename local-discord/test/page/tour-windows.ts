/** Chromium and the tour's bot for one test file, with checks after each test. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type OpenOptions, type PageBrowser, type PersonPage, startBrowser } from './browser.ts';
import { startTour, type Tour } from './tour-bot.ts';

export interface TourWindows {
  /** Available in tests and hooks. */
  readonly tour: Tour;
  readonly browser: PageBrowser;
  /** Opens a window, or reuses one with the same options: opening takes a second. */
  open(who: 'ada' | 'ben', options?: OpenOptions): Promise<PersonPage>;
  /** A new channel, so that no test sees messages of another. */
  freshChannel(name: string): string;
  /** Runs the tour's /find to its end. */
  find(person: PersonPage): ReturnType<typeof findIn>;
}

/** Registers the hooks of a test file. */
export function tourWindows(): TourWindows {
  let browser: PageBrowser | undefined;
  let tour: Tour | undefined;
  const windows = new Map<string, PersonPage>();
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('Expected the tour to have started');
    return part;
  };

  beforeAll(async () => {
    // First, so that a missing Chromium is reported before anything is built.
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
    expect(started(tour).errors).toEqual([]);
    expect(started(tour).discord.violations).toEqual([]);
  });

  return {
    get tour() {
      return started(tour);
    },
    get browser() {
      return started(browser);
    },
    async open(who, options = {}) {
      const { channelId = '', ...kind } = options;
      const key = JSON.stringify([who, kind]);
      const kept = windows.get(key);
      if (kept) await kept.goTo(channelId);
      const person = kept ?? (await started(browser).open(started(tour).discord.url, started(tour)[who].id, options));
      windows.set(key, person);
      return person;
    },
    freshChannel(name) {
      const { discord } = started(tour);
      return discord.addChannel(discord.defaultGuildId, { name });
    },
    find: (person) => findIn(person, started(tour)),
  };
}

async function findIn(person: PersonPage, tour: Tour) {
  await person.run('find', { clip: { file: tour.mp3 } });
  await person.message('3 of 12 chunks').waitFor();
  tour.finish();
  const message = person.message('Sounds like');
  await message.waitFor();
  return message;
}
