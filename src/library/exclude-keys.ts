/** A view of a library without some of its keys. */
import type { Library, Listed, ListOptions } from './library.ts';

export function excludeKeys(library: Library, exclude: (key: string) => boolean): Library {
  async function* list(options: ListOptions): AsyncIterable<Listed> {
    for await (const listed of library.list(options)) if (!exclude(listed.key)) yield listed;
  }
  return {
    location: library.location,
    prefixes: library.prefixes,
    list,
    look: (key, options) => library.look(key, options),
    read: (key, options) => library.read(key, options),
    take: (file, options) => library.take(file, options),
    localFile: (key, options) => library.localFile(key, options),
    seekable: (key, options) => library.seekable(key, options),
  };
}
