/** The text sides of the served models: looked up at the first text query, each in its own process. */
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../../src/errors.ts';
import { type Model, manifestPathOf, readModel } from '../../src/models/manifest.ts';
import type { ServedModel } from '../serving.ts';
import { TextProcess, type TextProcessOptions } from './text-process.ts';

export class TextSides {
  readonly #processOptions: (name: string) => Omit<TextProcessOptions, 'manifestPath'>;
  readonly #processes = new Map<string, TextProcess>();

  constructor(processOptions: (name: string) => Omit<TextProcessOptions, 'manifestPath'>) {
    this.#processOptions = processOptions;
  }

  /** The manifest is read again each time: a text side that was downloaded meanwhile needs no restart.
   *  @throws {LeitmotifError} model-without-text, with a remedy; config-invalid on a bad manifest */
  async of(served: ServedModel): Promise<TextProcess> {
    const model = await readModel(manifestPathOf(served));
    await assertUsable(model, served);
    const { name } = model.manifest;
    const known = this.#processes.get(name);
    if (known) return known;
    const made = new TextProcess({ ...this.#processOptions(name), manifestPath: manifestPathOf(model) });
    this.#processes.set(name, made);
    return made;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((each) => each.close()));
  }
}

async function assertUsable({ manifest, folder }: Model, served: ServedModel): Promise<void> {
  const { name, family, text } = manifest;
  const cannot = (why: string): LeitmotifError =>
    new LeitmotifError('model-without-text', `Cannot embed words with the model ${name}: ${why}`);
  const get = `\`npm run models -- get ${name} --text\``;
  if (!text) {
    throw cannot(
      family === 'clap'
        ? `its text side is not downloaded; ${get} does that`
        : 'it has no text side. CLAP has one: npm run models -- get clap --text, then EMBEDDING_MODEL=clap',
    );
  }
  // Texts and recordings embedded by different weights are in different spaces.
  if (manifest.network.sha256 !== served.manifest.network.sha256) {
    throw cannot('its files were changed since this worker started; restart the worker');
  }
  for (const { file } of [text.network, text.tokenizer]) {
    const isReadable = await access(path.join(folder, file), constants.R_OK).then(
      () => true,
      () => false,
    );
    if (!isReadable) throw cannot(`${file} is not there; ${get} downloads it`);
  }
}
