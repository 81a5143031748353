/** The web app's page in Chromium, with the actions of tests. */
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { fileTransfer, launchChromium, viewports } from '../../../local-discord/test/page/browser.ts';

export { launchChromium };

/** A busy machine may take long. */
const waitMaxMs = 90_000;
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export interface OpenOptions {
  readonly viewport?: keyof typeof viewports;
  readonly locale?: 'en-GB' | 'de';
  readonly colorScheme?: 'light' | 'dark';
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

export class OpenedPage implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** What the console complained of, such as what the policy for content refused. */
  readonly complaints: string[] = [];
  /** Requests to anywhere but the server: there must be none. */
  readonly requestsElsewhere: string[] = [];

  constructor(context: BrowserContext, page: Page, origin: string) {
    this.#context = context;
    this.page = page;
    page.on('console', (message) => {
      // A renderer in software remarks that it is slow.
      if (/GPU stall due to ReadPixels/.test(message.text())) return;
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(data|blob|about):/.test(url)) this.requestsElsewhere.push(url);
    });
  }

  get heading(): Locator {
    return this.page.getByRole('heading', { level: 1 });
  }

  get player(): Locator {
    return this.page.getByRole('region', { name: /^(Player|Wiedergabe)$/ });
  }

  /** Drags a file from the desktop onto the page. */
  async drop(name: string, data: Buffer, type = 'audio/mpeg'): Promise<void> {
    const dataTransfer = await fileTransfer(this.page, { name, data, type });
    for (const event of ['dragenter', 'dragover', 'drop'])
      await this.page.locator('body').dispatchEvent(event, { dataTransfer });
  }

  /** Waits for the page of an answer. */
  async answered(wait: { readonly timeout?: number } = {}): Promise<void> {
    await this.page.waitForURL(/\/answers\/[a-z0-9]+$/, wait);
    await this.page.getByRole('article').first().waitFor(wait);
  }

  /** Asks with a recording from the desktop, and waits for the answer. */
  async askWith(clip: Buffer, wait: { readonly timeout?: number } = {}): Promise<void> {
    await this.page.getByRole('button', { name: /Choose a recording|Aufnahme wählen/ }).waitFor(wait);
    await this.drop('clip.mp3', clip);
    await this.answered(wait);
  }

  /** Pastes text, or a file as a file manager copies it. */
  async paste(what: { readonly text: string } | { readonly name: string; readonly data: Buffer }): Promise<void> {
    const transfer =
      'text' in what
        ? await this.page.evaluateHandle(
            `(() => { const t = new DataTransfer(); t.setData('text/plain', ${JSON.stringify(what.text)}); return t; })()`,
          )
        : await fileTransfer(this.page, { ...what, type: 'audio/mpeg' });
    // Written as text: it runs in the browser, whose types these files do not know.
    const paste = new Function(
      'transfer',
      "document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }))",
    );
    await this.page.evaluate(paste as (transfer: unknown) => void, transfer);
  }

  /** What the browser's audio was told since the page was loaded: when and from where sources started, and how loud each side
   *  of the newest pair is. */
  sound(): Promise<{ starts: [number, number][]; levels: { yours: number; theirs: number } }> {
    return this.page.evaluate(`({
      starts: sound.starts,
      levels: { yours: sound.gains.at(-2)?.gain.value ?? 0, theirs: sound.gains.at(-1)?.gain.value ?? 0 },
    })`);
  }

  /** Seconds from the beginning of the moment that is loaded. */
  async atSec(): Promise<number> {
    // The slider is not shown on a phone.
    return Number(await this.player.locator('[role=slider]').getAttribute('aria-valuenow'));
  }

  /** @returns pixels by which the page can be scrolled sideways: 0 when everything fits */
  overflowPx(): Promise<number> {
    return this.page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  }

  /** Buttons, badges and navigation that do not have room for all of their text. */
  cutTexts(): Promise<string[]> {
    return this.page.evaluate<string[]>(`
      [...document.querySelectorAll('nav, .mantine-Button-label, .mantine-Badge-label')]
        .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
        .map(({ textContent }) => textContent)
    `);
  }

  /** Findings of axe that keep somebody from using the page. */
  async seriousFindings(): Promise<string[]> {
    await this.page.waitForLoadState('networkidle');
    // The policy for content allows no inline script, so this is evaluated, which it does not concern.
    const { readFile } = await import('node:fs/promises');
    await this.page.evaluate(await readFile(axePath, 'utf8'));
    const violations = await this.page.evaluate<Violation[]>(
      'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

export async function openPage(
  browser: Browser,
  url: string,
  { viewport = 'desktop', locale = 'en-GB', colorScheme = 'light' }: OpenOptions = {},
): Promise<OpenedPage> {
  const isPhone = viewport === 'phone';
  const context = await browser.newContext({
    ...{ viewport: viewports[viewport], locale, colorScheme, isMobile: isPhone, hasTouch: isPhone },
    deviceScaleFactor: isPhone ? 2 : 1,
  });
  context.setDefaultTimeout(waitMaxMs);
  // Notes what is played; the sound itself stays the browser's.
  await context.addInitScript(`
    globalThis.sound = { starts: [], gains: [] };
    const { start } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (...how) {
      sound.starts.push(how);
      return start.apply(this, how);
    };
    const { createGain } = BaseAudioContext.prototype;
    BaseAudioContext.prototype.createGain = function () {
      const gain = createGain.apply(this);
      sound.gains.push(gain);
      return gain;
    };
  `);
  const page = await context.newPage();
  const opened = new OpenedPage(context, page, new URL(url).origin);
  await page.goto(url);
  return opened;
}
