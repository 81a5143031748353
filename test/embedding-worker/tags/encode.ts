/** Encodes text in an encoding that Node can only decode: decodes all characters and inverts the table. */
const tables = new Map<string, Map<string, Buffer>>();

export function encode(text: string, label: string): Buffer {
  const table = tables.get(label) ?? tableOf(label);
  tables.set(label, table);
  return Buffer.concat(
    [...text].map((character) => {
      const bytes = table.get(character);
      if (bytes === undefined) throw new RangeError(`Cannot encode ${character} as ${label}`);
      return bytes;
    }),
  );
}

function tableOf(label: string): Map<string, Buffer> {
  const decoder = new TextDecoder(label, { fatal: true });
  const table = new Map<string, Buffer>();
  const add = (bytes: Buffer): void => {
    try {
      const character = decoder.decode(bytes);
      if ([...character].length === 1 && !table.has(character)) table.set(character, bytes);
    } catch {
      // Not a character.
    }
  };
  for (let byte = 0; byte < 256; byte++) add(Buffer.from([byte]));
  const hasPairs = !/^(windows|koi8|ibm)/.test(label);
  for (let pair = 0x8100; hasPairs && pair < 0x10000; pair++) add(Buffer.from([pair >> 8, pair & 255]));
  return table;
}
