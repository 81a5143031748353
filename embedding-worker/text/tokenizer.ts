/** Words to the ids of a model's tokens, as its `tokenizer.json` has them (RoBERTa's byte-level BPE for CLAP), with the marks
 *  of beginning and end. The only user of @huggingface/tokenizers. */
import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { LeitmotifError } from '../../src/errors.ts';

/** What CLAP's text side was trained with, marks included (`max_length=77` in LAION's training code). RoBERTa itself stands 512:
 *  past 77 it still answers, with a vector of nothing that it ever learnt. */
export const tokensMax = 77;
/** The marks of beginning and end, `<s>` and `</s>`. */
const markTokens = 2;

export interface TextTokenizer {
  /** Never padded: the network has no attention mask, so padding would be read as words.
   *
   *  Nothing is cut either: the extractor of transformers cuts after 77 tokens without a word, and half a sentence is
   *  another question.
   *  @returns shape [3 to 77]
   *  @throws {LeitmotifError} text-refused when there is nothing in it, or more than 77 tokens */
  encode(text: string): BigInt64Array;
}

/** @throws {Error} when the file cannot be read or is not a tokenizer */
export async function openTokenizer(path: string): Promise<TextTokenizer> {
  // What stands in tokenizer_config.json beside it concerns decoding and padding only.
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
