/** Several named libraries as one; keys begin with the name of their library.
 *
 *  When one cannot be listed (unmounted disk, expired credential), its recordings are unknown, not gone, and the other
 *  libraries are still listed.
 */
import type { Readable } from 'node:stream';
import { compareCodePoints, formatLibraries } from '../config/library-location.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { HashedLocalFile, Library, Listed, ListedFile, ListOptions, LocalFile, SeekableFile } from './library.ts';
import { libraryFailures } from './library.ts';

export interface NamedLibrary {
  readonly name: string;
  readonly library: Library;
}

export class Libraries implements Library {
  readonly location: string;
  readonly prefixes: readonly string[];
  readonly #members: readonly NamedLibrary[];

  /** @param members one or more, with unique names without slashes */
  constructor(members: readonly NamedLibrary[]) {
    this.#members = members.toSorted((a, b) => compareCodePoints(`${a.name}/`, `${b.name}/`));
    this.prefixes = this.#members.map(({ name }) => `${name}/`);
    this.location = formatLibraries(this.#members.map(({ name, library }) => ({ name, location: library.location })));
  }

  async *list(options: ListOptions = {}): AsyncIterable<Listed> {
    for (const member of this.#members) {
      try {
        yield* this.#listOne(member, options);
      } catch (error) {
        options.signal?.throwIfAborted();
        const failure = toLeitmotifError(error);
        if (!libraryFailures.has(failure.code)) throw error;
        yield { type: 'problem', key: `${member.name}/`, code: failure.code, message: failure.message };
      }
    }
  }

  async *#listOne({ name, library }: NamedLibrary, options: ListOptions): AsyncIterable<Listed> {
    for await (const listed of library.list(options)) yield { ...listed, key: `${name}/${listed.key}` };
  }

  async look(key: string, options: { signal?: AbortSignal } = {}): Promise<ListedFile | null> {
    const found = this.#find(key);
    const file = found && (await found.library.look(found.key, options));
    return file ? { ...file, key } : null;
  }

  read(key: string, options: { signal?: AbortSignal }): Readable {
    const { library, key: below } = this.#requireMember(key);
    return library.read(below, options);
  }

  async take(file: ListedFile, options: { signal?: AbortSignal }): Promise<HashedLocalFile> {
    const { library, key } = this.#requireMember(file.key);
    return await library.take({ ...file, key }, options);
  }

  async localFile(key: string, options: { signal?: AbortSignal }): Promise<LocalFile> {
    const { library, key: below } = this.#requireMember(key);
    return await library.localFile(below, options);
  }

  async seekable(key: string, options: { signal?: AbortSignal }): Promise<SeekableFile> {
    const { library, key: below } = this.#requireMember(key);
    return await library.seekable(below, options);
  }

  #find(key: string): { readonly library: Library; readonly key: string } | null {
    const member = this.#members.find(({ name }) => key.startsWith(`${name}/`));
    return member ? { library: member.library, key: key.slice(member.name.length + 1) } : null;
  }

  /** @throws for a track of a library that is no longer configured */
  #requireMember(key: string): { readonly library: Library; readonly key: string } {
    const found = this.#find(key);
    if (found) return found;
    const names = this.#members.map(({ name }) => name).join(', ');
    throw new LeitmotifError('file-unreadable', `Cannot open ${JSON.stringify(key)}: it is in none of: ${names}`);
  }
}
