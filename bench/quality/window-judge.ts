/** Judges a window of sound like the worker: by the sound and, if the model has a music head, by the vector. */
import { openModel } from '../../embedding-worker/engines/opened-model.ts';
import { kindByHead, readMusicHead } from '../../embedding-worker/music-head.ts';
import type { WindowKind } from '../../src/audio/gate/gate.ts';
import type { ChunkKind } from '../../src/domain.ts';
import { findModel } from '../../src/models/find-model.ts';

/** @returns the kind of a window by both parts of the gate */
export type JudgeWindow = (samples: Float32Array, bySound: WindowKind) => Promise<ChunkKind>;

/** @param dirs folders of models, shipped or downloaded
 *  @throws {LeitmotifError} model-unknown, naming the installed models */
export async function judgeOf(
  dirs: readonly string[],
  name: string,
): Promise<{ readonly judgeWindow: JudgeWindow; readonly title: string }> {
  const model = await findModel(dirs, name);
  const head = await readMusicHead(model);
  if (!head)
    return { judgeWindow: async (_, { kind }) => kind, title: `${name} has no music head: by the sound alone` };
  const network = await openModel(model, model.manifest.network, 'cpu');
  return {
    title: `with the music head of ${name} ${model.manifest.version}`,
    judgeWindow: async (samples, bySound) => {
      const [vector] = await network.run([samples]);
      if (!vector) throw new RangeError('Cannot judge: expected a vector, got none');
      return kindByHead(bySound, vector, head);
    },
  };
}
