/** The page in Chromium as one user sees it, with the actions of tests. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { buildPage } from '../../page-build.ts';

/** Its path on Debian. */
const debianChromium = '/usr/bin/chromium';
export const viewports = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;
/** The bot answers within a second; a busy machine may take longer. */
const waitMaxMs = 15_000;

export interface OpenOptions {
  readonly viewport?: keyof typeof viewports;
  readonly locale?: 'en-GB' | 'de';
  readonly channelId?: string;
}

/** The input of an option: text, or the path of a file. */
export type OptionInput = string | { readonly file: string };

export interface PageBrowser extends AsyncDisposable {
  /** Opens a window for this user. */
  open(discordUrl: string, personId: string, options?: OpenOptions): Promise<PersonPage>;
}

/** Starts Chromium, which takes about a second: one a test file. The built page is for `startLocalDiscord({ page })`. */
export async function startBrowser(): Promise<PageBrowser> {
  const browser = await launchChromium();
  return {
    open: (discordUrl, personId, options = {}) => openPage(browser, discordUrl, personId, options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** @param args in addition to those of every test */
export async function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH || debianChromium;
  if (!existsSync(executablePath)) {
    throw new Error(
      `Cannot test the page: there is no Chromium at ${executablePath}. Install it with: sudo apt-get install -y --no-install-recommends chromium (or set CHROMIUM_PATH)`,
    );
  }
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio', ...args],
  });
}

export { buildPage };

async function openPage(
  browser: Browser,
  discordUrl: string,
  personId: string,
  { viewport = 'desktop', locale = 'en-GB', channelId = '' }: OpenOptions,
): Promise<PersonPage> {
  const isPhone = viewport === 'phone';
  const context = await browser.newContext({
    viewport: viewports[viewport],
    locale,
    isMobile: isPhone,
    hasTouch: isPhone,
    deviceScaleFactor: isPhone ? 2 : 1,
  });
  context.setDefaultTimeout(waitMaxMs);
  const page = await context.newPage();
  const person = new PersonPage(page, new URL(discordUrl).origin, { user: personId, locale });
  await person.goTo(channelId);
  return person;
}

export class PersonPage implements AsyncDisposable {
  readonly page: Page;
  /** Requests to anywhere but the local Discord: there must be none. */
  readonly requestsElsewhere: string[] = [];
  /** What the page's console complained of. */
  readonly complaints: string[] = [];
  readonly #origin: string;
  readonly #address: Readonly<Record<string, string>>;

  constructor(page: Page, origin: string, address: Readonly<Record<string, string>>) {
    this.page = page;
    this.#origin = origin;
    this.#address = address;
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(data|blob|about):/.test(url)) this.requestsElsewhere.push(url);
    });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /** Loads the page anew, in this channel; '' is the first one. */
  async goTo(channelId: string): Promise<void> {
    const query = new URLSearchParams({ ...this.#address, ...(channelId && { channel: channelId }) });
    await this.page.goto(`${this.#origin}/?${query}`);
    await this.composer.waitFor();
  }

  /** Where messages are written, while no command is open. */
  get composer(): Locator {
    return this.page.getByRole('combobox', { name: /^Message #/ });
  }

  /** Oldest first. */
  get messages(): Locator {
    return this.page.locator('li.message');
  }

  /** The newest message that holds these words. */
  message(words: string | RegExp): Locator {
    return this.messages.filter({ hasText: words }).last();
  }

  /** Types a slash and the command's title, and picks it from the list. */
  async pickCommand(title: string): Promise<void> {
    await this.composer.fill(`/${title}`);
    await this.page
      .getByRole('option', { name: new RegExp(`^/${title}`) })
      .first()
      .click();
  }

  /** The chip of an option, added first if it is not there yet. */
  async chip(title: string): Promise<Locator> {
    const add = this.page.getByRole('button', { name: `+ ${title}`, exact: true });
    if (await add.isVisible()) await add.click();
    return this.page
      .locator('.chip')
      .filter({ has: this.page.locator('.chip-name', { hasText: new RegExp(`^${title}$`) }) });
  }

  /** @param options by their titles as the person sees them; a choice by its label */
  async run(title: string, options: Readonly<Record<string, OptionInput>> = {}): Promise<void> {
    await this.pickCommand(title);
    for (const [name, input] of Object.entries(options)) await this.#fill(await this.chip(name), input);
    await this.send();
  }

  async send(): Promise<void> {
    await this.page.getByRole('button', { name: 'Send', exact: true }).click();
  }

  /** Drags a file from the desktop onto an element. */
  async drop(target: Locator, name: string, data: Buffer, type = 'audio/mpeg'): Promise<void> {
    const transfer = await fileTransfer(this.page, { name, data, type });
    for (const event of ['dragenter', 'dragover', 'drop'])
      await target.dispatchEvent(event, { dataTransfer: transfer });
  }

  /** Presses a button of a message. */
  async press(message: Locator, label: string): Promise<void> {
    await message.getByRole('button', { name: label, exact: true }).click();
  }

  /** Picks an option of a message's select. */
  async choose(message: Locator, placeholder: string, option: string): Promise<void> {
    await message.getByRole('combobox', { name: placeholder }).click();
    await message.getByRole('option', { name: option }).first().click();
  }

  /** @returns how far the player got, in seconds, once it has moved on by itself */
  async play(audio: Locator): Promise<number> {
    await audio.evaluate((element) => (element as unknown as Player).play());
    const deadlineMs = Date.now() + waitMaxMs;
    for (;;) {
      const atSec = await audio.evaluate((element) => (element as unknown as Player).currentTime);
      if (atSec > 0 || Date.now() > deadlineMs) return atSec;
      await this.page.waitForTimeout(50);
    }
  }

  /** @returns pixels by which the page can be scrolled sideways: 0 when everything fits */
  async overflowPx(): Promise<number> {
    return this.page.evaluate<number>(`Math.max(0, ...[...document.querySelectorAll('html, body, .scroller, .main')].map(
      (element) => element.scrollWidth - element.clientWidth))`);
  }

  /** @param file a PNG; its folder exists */
  async screenshot(file: string): Promise<string> {
    // Pictures that load late move everything.
    await this.page.waitForLoadState('networkidle');
    await this.page.screenshot({ path: file });
    return path.resolve(file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }

  async #fill(chip: Locator, input: OptionInput): Promise<void> {
    if (typeof input !== 'string') {
      await chip.locator('input[type=file]').setInputFiles(input.file);
      return;
    }
    const list = chip.locator('select');
    if ((await list.count()) > 0) await list.selectOption({ label: input });
    else await chip.locator('input').fill(input);
  }
}

interface Player {
  readonly currentTime: number;
  play(): Promise<void>;
}

interface TransferredFile {
  readonly name: string;
  readonly data: Buffer;
  readonly type: string;
}

/** What a drop or a paste of a file carries. */
export function fileTransfer(page: Page, { name, data, type }: TransferredFile) {
  const file = { name, type, base64: data.toString('base64') };
  // Written as text: it runs in the browser, whose types these files do not know.
  return page.evaluateHandle(`(() => {
      const { name, type, base64 } = ${JSON.stringify(file)};
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type }));
      return transfer;
    })()`);
}
