/** Turns a text into token ids by the model's `tokenizer.json` (RoBERTa's byte-level BPE for CLAP), with start and end tokens.
 *  The only user of @huggingface/tokenizers. */
import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { LeitmotifError } from '../../src/errors.ts';

/** Longest input in CLAP's training, with start and end tokens (`max_length=77` in LAION's training code). RoBERTa accepts 512,
 *  but beyond 77 the vector is meaningless. */
export const tokensMax = 77;
/** The start and end tokens, `<s>` and `</s>`. */
const markTokens = 2;

export interface TextTokenizer {
  /** Not padded: the network has no attention mask, so padding would count as words.
   *
   *  Not truncated either: transformers silently cuts after 77 tokens, and half a sentence is another query.
   *  @returns shape [3 to 77]
   *  @throws {LeitmotifError} text-refused for no tokens or more than 77 */
  encode(text: string): BigInt64Array;
}

/** @throws {Error} when the file cannot be read or is not a tokenizer */
export async function openTokenizer(path: string): Promise<TextTokenizer> {
  // tokenizer_config.json concerns decoding and padding only.
  const tokenizer = new Tokenizer(JSON.parse(await readFile(path, 'utf8')), {});
  return {
    encode: (text) => {
      const { ids } = tokenizer.encode(text);
      if (ids.length <= markTokens || text.trim() === '') throw refused('expected words, got an empty text');
      if (ids.length > tokensMax) {
        const words = tokensMax - markTokens;
        throw refused(`expected at most ${words} tokens (some 50 words), got ${ids.length - markTokens}`);
      }
      return BigInt64Array.from(ids, BigInt);
    },
  };
}

function refused(why: string): LeitmotifError {
  return new LeitmotifError('text-refused', `Cannot embed the text: ${why}`);
}
