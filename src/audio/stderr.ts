/** Reads ffmpeg's stderr: passes each line on, and keeps the end for error messages.
 *
 *  The author of a file controls much of this text: tags, names of streams, the file's name. So the length of lines and of the
 *  stored end is limited, and errors are recognised only in lines with ffmpeg's error level (`-loglevel level+...`), after the
 *  names of files have been removed.
 */

/** ffmpeg cuts messages at 1,024 bytes; only tags make longer lines. */
const lineBytesMax = 4096;
/** Length of the text stored for the error. ffmpeg prints the error last. */
const tailBytesMax = 64 * 1024;
const newline = 0x0a;

/** `[flac @ 0x5644d495b0c0] [error] invalid residual`: contexts, then the level. */
const errorLine = /^((?:\[[^\]\n]{0,80} @ 0x[0-9a-f]+\] )*)\[(?:error|fatal|panic)\] (.*)$/;

export class StderrReader {
  readonly #onLine: (line: string) => void;
  #line: Buffer = Buffer.alloc(0);
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #bytes = 0;

  constructor(onLine: (line: string) => void = () => {}) {
    this.#onLine = onLine;
  }

  /** Total bytes read. */
  get bytes(): number {
    return this.#bytes;
  }

  read(block: Buffer): void {
    this.#bytes += block.length;
    this.#keep(block);
    let from = 0;
    for (let to = block.indexOf(newline); to !== -1; to = block.indexOf(newline, from)) {
      this.#append(block.subarray(from, to));
      this.#onLine(this.#line.toString('utf8'));
      this.#line = Buffer.alloc(0);
      from = to + 1;
    }
    this.#append(block.subarray(from));
  }

  #append(part: Buffer): void {
    const room = lineBytesMax - this.#line.length;
    if (room > 0 && part.length > 0) this.#line = Buffer.concat([this.#line, part.subarray(0, room)]);
  }

  #keep(block: Buffer): void {
    this.#tail.push(block);
    this.#tailBytes += block.length;
    while (this.#tail.length > 1 && this.#tailBytes - (this.#tail[0]?.length ?? 0) >= tailBytesMax) {
      this.#tailBytes -= this.#tail.shift()?.length ?? 0;
    }
  }

  /** The end of the output, at most 64 KiB. */
  get tail(): string {
    return Buffer.concat(this.#tail).subarray(-tailBytesMax).toString('utf8');
  }
}

/** The messages of the error lines in ffmpeg's output, with their contexts (`[flac @ 0x..] `) and without their level.
 *  @param names the file names as passed to ffmpeg; they are replaced in the messages */
export function errorLinesOf(stderr: string, names: readonly string[]): string[] {
  let text = stderr;
  for (const name of names) text = withoutName(text, asPrinted(name));
  return text.split('\n').flatMap((line) => {
    const [, contexts = '', message] = errorLine.exec(line) ?? [];
    return message === undefined ? [] : [contexts + message];
  });
}

/** Replaces a file's name. */
const placeholder = '<file>';
/** Searched length of a name's beginning: a long name may be cut off at the end of a message. */
const beginningChars = 48;

function withoutName(text: string, name: string): string {
  const beginning = name.slice(0, beginningChars);
  if (beginning === '') return text;
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf(beginning); at !== -1; at = text.indexOf(beginning, from)) {
    parts.push(text.slice(from, at));
    from = at + commonLength(text, at, name);
  }
  parts.push(text.slice(from));
  return parts.join(placeholder);
}

function commonLength(text: string, at: number, name: string): number {
  let length = 0;
  while (length < name.length && text[at + length] === name[length]) length += 1;
  return length;
}

/** libavutil prints control characters as question marks, except those from backspace to carriage return. */
function asPrinted(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it replaces.
  return name.replace(/[\x00-\x07\x0e-\x1f]/g, '?');
}
