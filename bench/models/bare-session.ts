/** Measures one ONNX session alone: a process that opens a network, runs one window and reports its memory.
 *
 *      node bench/models/bare-session.ts NETWORK INPUT DIM,DIM,...
 */
import { InferenceSession, Tensor } from '../../embedding-worker/engines/onnx-runtime.ts';
import { processFigures } from '../process-figures.ts';

const [network = '', input = '', shape = ''] = process.argv.slice(2);
const dims = shape.split(',').map(Number);
// With the options of the worker (embedding-worker/engines/onnx.ts), but the file as it is: without engines/fixed-input.ts.
const session = await InferenceSession.create(network, {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
});
const values = Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, (_, i) => Math.sin(i));
for (let run = 0; run < 3; run++) await session.run({ [input]: new Tensor('float32', values, dims) });
process.stdout.write(JSON.stringify(processFigures(process.pid)));
