/** The loaded text side of a model: turns texts into unit vectors of the same space as its recordings, one text at a time. */
import path from 'node:path';
import { LeitmotifError } from '../../src/errors.ts';
import type { Model } from '../../src/models/manifest.ts';
import { checkedVector } from '../engines/checked-vector.ts';
import { openGraph, verifySum } from '../engines/onnx.ts';
import { unitLength } from '../families/family.ts';
import { openTokenizer } from './tokenizer.ts';

export interface TextModel {
  /** @returns shape [dimensions]
   *  @throws {LeitmotifError} text-refused; inference-failed when the model's output is invalid */
  embed(text: string): Promise<Float32Array>;
}

/** Always on the CPU: a short text takes a few milliseconds there, and a GPU would compile for each length.
 *
 *  @throws {LeitmotifError} config-invalid when files are missing, changed, or different from the manifest */
export async function loadTextModel({ manifest, folder }: Model): Promise<TextModel> {
  try {
    if (!manifest.text) throw new Error('expected a text side in its model.json, got none');
    const { network, tokenizer } = manifest.text;
    const at = (file: { readonly file: string }) => path.join(folder, file.file);
    await Promise.all([verifySum(at(network), network.sha256), verifySum(at(tokenizer), tokenizer.sha256)]);
    const [words, graph] = await Promise.all([
      openTokenizer(at(tokenizer)),
      openGraph(
        {
          path: at(network),
          input: network.input,
          inputType: 'int64',
          inputRank: 2,
          output: network.output,
          outputRank: 2,
          outputWidth: manifest.dimensions,
        },
        'cpu',
      ),
    ]);
    return {
      embed: async (text) => {
        const ids = words.encode(text);
        const { values } = await graph.run(ids, [1, ids.length]);
        return checkedVector(manifest, unitLength(values));
      },
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LeitmotifError('config-invalid', `Cannot load the text side of ${manifest.name}: ${why}`, {
      cause: error,
    });
  }
}
