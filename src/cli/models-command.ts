/** `npm run models -- list|get|verify|remove` */
import Table from 'cli-table3';
import { LeitmotifError } from '../errors.ts';
import { formatBytes, oneLine } from '../format.ts';
import type { GetEvent } from '../models/download/get-model.ts';
import type { FileState } from '../models/download/verify-model.ts';
import type { ListedModel, ModelPresence, Models } from '../models/models.ts';
import { downloadProgress } from './download-progress.ts';

export interface ModelsContext {
  readonly models: Models;
  /** EMBEDDING_MODEL */
  readonly selected: string;
  readonly indexDir: string;
  readonly windowSec: number;
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const report = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

export async function modelsList({ models, selected }: ModelsContext, { json }: { json?: true }): Promise<number> {
  const listed = await models.list();
  if (json) {
    print(JSON.stringify(listed.map((model) => ({ ...model, selected: model.name === selected }))));
    return 0;
  }
  const table = new Table({
    head: ['', 'model', 'here', 'size', 'precision', 'hash', 'licence', 'for'],
    style: { head: [], border: [] },
    colWidths: [null, null, null, null, null, null, 14, 44],
    wordWrap: true,
  });
  for (const model of listed) table.push([model.name === selected ? '*' : '', ...cellsOf(model)]);
  print(table.toString());
  for (const { name, problem } of listed) if (problem) print(`${name}: ${problem}`);
  print(
    listed.some(({ name }) => name === selected)
      ? '* the selected model (EMBEDDING_MODEL).'
      : `EMBEDDING_MODEL is "${oneLine(selected)}", which is not one of them.`,
  );
  print('hash: pinned in this program, or recorded at the first download and checked from then on.');
  print('npm run models -- get NAME downloads a model; --text adds the text encoder.');
  return 0;
}

const presenceWords: Readonly<Record<ModelPresence, string>> = {
  shipped: 'yes',
  here: 'yes',
  broken: 'broken',
  partly: 'partly',
  'not-here': 'no',
};

function cellsOf(model: ListedModel): string[] {
  const { name, purpose, presence, bytes, isExact, textBytes, licence, precision, hash } = model;
  const text = textBytes === null || presence === 'here' ? '' : ` + ${formatBytes(textBytes)} text`;
  const size = `${isExact ? '' : 'about '}${formatBytes(bytes)}${text}`;
  return [name, presenceWords[presence], size, precision, hash, licence, purpose].map((cell) => oneLine(cell));
}

export async function modelsGet(
  { models, selected }: ModelsContext,
  name: string,
  { text, half }: { text?: true; half?: true },
  signal: AbortSignal,
): Promise<number> {
  const display = downloadProgress();
  const onEvent = (event: GetEvent): void => {
    if (event.kind === 'downloading') {
      display.update(event);
      return;
    }
    display.stop();
    report(eventWords(event));
  };
  try {
    const { folder } = await models.get(name, { text: text === true, half: half === true }, { signal, onEvent });
    print(`The model ${name} is in ${folder}.`);
  } finally {
    display.stop();
  }
  if (selected !== name) print(`EMBEDDING_MODEL=${name} selects it; indexes of other models are not affected.`);
  return 0;
}

function eventWords(event: Exclude<GetEvent, { kind: 'downloading' }>): string {
  switch (event.kind) {
    case 'waiting':
      return `Waiting: ${event.owner} is downloading this model.`;
    case 'damaged':
      return `${event.file} is damaged (expected the hash ${event.expected}, got ${event.got}): downloading it again.`;
    case 'taken': {
      const { file, from, taken } = event;
      const size = formatBytes(taken.bytes);
      return `${file}: ${placeWords[from]}, ${size}, ${voucherWords[String(taken.voucher) as 'pin' | 'hub' | 'null']}`;
    }
  }
}

const placeWords = {
  here: 'already here',
  cache: "copied from the hub's own cache",
  hub: 'downloaded',
  program: 'copied from this program',
  package: 'taken out of the downloaded package',
} as const;

const voucherWords = {
  pin: 'the hash matches the pinned one',
  hub: 'the hash matches the one of the hub and is recorded',
  null: 'the hash is recorded; there is none to compare it with',
} as const;

export async function modelsVerify({ models }: ModelsContext, name: string | null): Promise<number> {
  let good = true;
  for (const { model, files } of await models.verify(name)) {
    if (files instanceof LeitmotifError) {
      print(files.message);
      good = false;
      continue;
    }
    for (const { file, state } of files) print(`${model.name}/${file}: ${stateWords(state)}`);
    if (files.every(({ state }) => state.kind !== 'missing' && state.kind !== 'damaged')) continue;
    good = false;
    print(
      model.isShipped
        ? `The model ${model.name} is part of the program: restore it from the repository.`
        : `\`npm run models -- get ${model.name}\` downloads the missing or damaged files again.`,
    );
  }
  return good ? 0 : 1;
}

function stateWords(state: FileState): string {
  switch (state.kind) {
    case 'pinned':
      return 'correct, matches the pinned hash';
    case 'hub':
      return 'correct, matches the hash that the hub had at the download';
    case 'recorded':
      return 'unchanged since the download; there was no hash to compare it with';
    case 'missing':
      return 'missing';
    case 'damaged':
      return `damaged: expected the hash ${state.expected}, got ${state.got}`;
  }
}

export async function modelsRemove(
  { models, selected, indexDir }: ModelsContext,
  name: string,
  signal: AbortSignal,
): Promise<number> {
  const { bytes } = await models.remove(name, signal);
  print(`Removed the model ${name}, which freed ${formatBytes(bytes)}.`);
  print(`Its indexes stay in ${indexDir} and can be searched again once the model is back.`);
  if (name === selected) print(`EMBEDDING_MODEL still names it: select another model, or download it again.`);
  return 0;
}
