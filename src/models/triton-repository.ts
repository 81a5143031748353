/** Writes a model's network as a folder for Triton: `<dir>/<model>/config.pbtxt` and `<dir>/<model>/1/model.onnx`.
 *  @see https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_repository.html */
import type { Model } from './manifest.ts';
import { type WrittenFolder, writeNetworkFolder } from './network-folder.ts';
import { networkSpecOf } from './network-spec.ts';

/** Largest batch of windows. 32 CLAP windows take about 4 GB of a GPU's memory at float32; the worker sends no larger batch. */
const batchMax = 32;
/** Time that Triton waits for further windows, because several workers may use one server. */
const queueDelayMicroseconds = 5_000;

/** @param dir Triton's model repository; see writeNetworkFolder, also for what it throws */
export function writeTritonRepository(dir: string, model: Model, windowSec: number): Promise<WrittenFolder> {
  const files = { 'config.pbtxt': tritonConfig(model, windowSec) };
  return writeNetworkFolder(dir, model, { weights: '1/model.onnx', files });
}

/** The text of config.pbtxt, with the names and shapes that the worker expects. */
export function tritonConfig(model: Pick<Model, 'manifest'>, windowSec: number): string {
  const { input, output } = networkSpecOf(model, windowSec);
  const outputDims = output.overTime ? [-1, output.dimensions] : [output.dimensions];
  return `# ${model.manifest.name} ${model.manifest.version}, windows of ${windowSec} s.
name: "${model.manifest.name}"
platform: "onnxruntime_onnx"
max_batch_size: ${batchMax}
input [
  { name: "${input.name}" data_type: TYPE_FP32 dims: [ ${input.itemShape.join(', ')} ] }
]
output [
  { name: "${output.name}" data_type: TYPE_FP32 dims: [ ${outputDims.join(', ')} ] }
]
dynamic_batching { max_queue_delay_microseconds: ${queueDelayMicroseconds} }
# One copy on each GPU, or one on the CPU where there is none. More copies:
# instance_group [ { count: 2 kind: KIND_GPU } ]
`;
}
