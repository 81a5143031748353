/** Creates libraries and clip stores from configured locations. Opens nothing and sends no request. */
import { type LibraryPlace, parseAzure, parseLibraries } from '../config/library-location.ts';
import { AzureLibrary, type AzureParts } from './azure/azure-library.ts';
import { AzureClips } from './azure/clips.ts';
import type { ClipStore } from './clip-store.ts';
import { FolderLibrary } from './folder.ts';
import { FolderClips } from './folder-clips.ts';
import { Libraries } from './libraries.ts';
import type { Library } from './library.ts';

/** @param text the format of LIBRARY
 *  @throws {LeitmotifError} 'config-invalid' */
export function openLibrary(text: string, azure: AzureParts): Library {
  const places = parseLibraries(text);
  const members = places.map(({ name, location }) => ({ name, library: openPlace(location, azure) }));
  const [first] = members;
  if (members.length === 1 && first?.name === null) return first.library;
  return new Libraries(members.map(({ name, library }) => ({ name: name ?? '', library })));
}

/** @param text the format of CLIPS
 *  @throws {LeitmotifError} 'config-invalid' */
export function openClipStore(text: string, azure: AzureParts): ClipStore {
  const [{ location } = { location: text }] = parseLibraries(text);
  if (location.startsWith('azure:')) return new AzureClips(parseAzure(location), azure);
  return new FolderClips(location.slice('file:'.length));
}

/** Azure accounts in texts in the format of LIBRARY. */
export function accountsIn(texts: readonly string[]): Set<string> {
  const places: LibraryPlace[] = texts.flatMap(parseLibraries);
  const remote = places.filter(({ location }) => location.startsWith('azure:'));
  return new Set(remote.map(({ location }) => parseAzure(location).account));
}

function openPlace(location: string, azure: AzureParts): Library {
  if (location.startsWith('azure:')) return new AzureLibrary(parseAzure(location), azure);
  return new FolderLibrary(location.slice('file:'.length), { bytesMax: azure.bytesMax });
}
