/** A server of the Open Inference Protocol, version 2, with Triton's binary extension, as both are documented: metadata,
 *  health, inference, and an error body `{"error"}` for bad requests. */
import { type Answer, type Fault, FaultyServer, type Seen } from './faulty-server.ts';
import type { ServedNetwork } from './networks.ts';

export interface OpenInferenceServerOptions {
  readonly models: Readonly<Record<string, ServedNetwork>>;
  readonly extensions?: readonly string[];
  /** The required bearer token. */
  readonly token?: string;
  /** How many times it reports "not ready". */
  unready?: number;
  /** How many times the model reports so, after an inference was refused. */
  unloaded?: number;
  /** Another model cannot be loaded, so the server as a whole is never ready. */
  readonly otherModelBroken?: boolean;
  readonly bytesMax?: number;
  /** Values of the metadata that differ from the network's. */
  readonly metadata?: (honest: object) => object;
  /** Resolves when the inference with this number may be answered. */
  readonly wait?: (inference: number) => Promise<unknown>;
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data?: readonly unknown[];
  readonly parameters?: { readonly binary_data_size?: number; readonly binary_data?: boolean };
}

export const bothExtensions = ['binary_tensor_data', 'model_configuration'];

export async function openInferenceServer(options: OpenInferenceServerOptions): Promise<FaultyServer> {
  const server = new ProtocolServer(options);
  return FaultyServer.start(
    ({ seen, body, path }, fault) => server.answer(seen, body, path, fault),
    (path) => path.endsWith('/infer'),
  );
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

class ProtocolServer {
  readonly #options: OpenInferenceServerOptions;
  #inferences = 0;

  constructor(options: OpenInferenceServerOptions) {
    this.#options = options;
  }

  async answer(seen: Seen, body: Buffer, path: string, fault: Fault | undefined): Promise<Answer> {
    try {
      const { token, bytesMax = 64_000_000 } = this.#options;
      if (token !== undefined && seen.headers.authorization !== `Bearer ${token}`) throw new Refusal(401, 'no token');
      if (body.length > bytesMax) throw new Refusal(413, `request is larger than ${bytesMax} bytes`);
      return await this.#route(seen, body, path, fault);
    } catch (error) {
      if (error instanceof Refusal) return json({ error: error.message }, error.status);
      throw error;
    }
  }

  async #route(seen: Seen, body: Buffer, path: string, fault: Fault | undefined): Promise<Answer> {
    const { extensions = bothExtensions, models } = this.#options;
    if (path === '/v2/health/live') return { status: 200 };
    if (path === '/v2/health/ready') return { status: this.#isReady() ? 200 : 400 };
    if (path === '/v2') return json({ name: 'test', version: '2.0.0', extensions });
    const [, name = '', action] =
      /^\/v2\/models\/([^/]+)(?:\/versions\/1)?(?:\/(ready|config|infer))?$/.exec(path) ?? [];
    const model = models[decodeURIComponent(name)];
    if (!model) throw new Refusal(404, `Request for unknown model: '${name}' is not found`);
    if (action === 'ready') return { status: this.#isLoaded() && (this.#options.unready ?? 0) === 0 ? 200 : 400 };
    if (action === 'config' && extensions.includes('model_configuration')) {
      return json({ name, max_batch_size: model.batchMax });
    }
    if (action === 'infer') return this.#infer(seen, body, model, fault);
    const tensor = (t: ServedNetwork['input']) => ({ name: t.name, datatype: 'FP32', shape: [-1, ...t.itemShape] });
    const honest = {
      name,
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [tensor(model.input)],
      outputs: [tensor(model.output)],
    };
    return json(this.#options.metadata?.(honest) ?? honest);
  }

  #isReady(): boolean {
    const { unready = 0, otherModelBroken = false } = this.#options;
    if (unready > 0) this.#options.unready = unready - 1;
    return unready === 0 && !otherModelBroken;
  }

  #isLoaded(): boolean {
    const { unloaded = 0 } = this.#options;
    if (unloaded > 0) this.#options.unloaded = unloaded - 1;
    return unloaded === 0;
  }

  async #infer(seen: Seen, body: Buffer, model: ServedNetwork, fault: Fault | undefined): Promise<Answer> {
    const number = this.#inferences++;
    const headerLength = Number(seen.headers['inference-header-content-length'] ?? body.length);
    if (headerLength > body.length) throw new Refusal(400, 'Unable to parse: header length exceeds the body');
    const request = JSON.parse(body.toString('utf8', 0, headerLength)) as {
      id?: string;
      inputs: Tensor[];
      outputs?: Tensor[];
    };
    if (!request.id) throw new Refusal(500, 'id: Input should be a valid string');
    const items = itemsOf(request.inputs, body.subarray(headerLength), model);
    seen.items = items.length;
    await this.#options.wait?.(number);
    const right = await model.compute(items);
    const rows = fault?.kind === 'rows' ? fault.change(right) : right;
    const binary = request.outputs?.find(({ name }) => name === model.output.name)?.parameters?.binary_data === true;
    return binary ? binaryAnswer(model, rows, fault) : jsonAnswer(model, rows);
  }
}

function itemsOf(inputs: readonly Tensor[], binary: Buffer, model: ServedNetwork): Float32Array[] {
  const [input] = inputs;
  if (!input || inputs.length !== 1 || input.name !== model.input.name) {
    throw new Refusal(400, `expected 1 input '${model.input.name}'`);
  }
  const [batch = 0, ...itemShape] = input.shape;
  if (input.datatype !== 'FP32' || itemShape.join() !== model.input.itemShape.join() || batch < 1) {
    throw new Refusal(400, `unexpected shape for input '${input.name}': [${input.shape.join(',')}]`);
  }
  if (batch > model.batchMax) throw new Refusal(400, `inference request batch-size must be <= ${model.batchMax}`);
  const count = input.shape.reduce((a, b) => a * b, 1);
  const values = input.data ? floatsOf(input.data.flat(9) as number[]) : floatsFrom(binary, input, count);
  if (values.length !== count) throw new Refusal(400, `expected ${count} values, got ${values.length}`);
  return Array.from({ length: batch }, (_, i) => values.slice((i * count) / batch, ((i + 1) * count) / batch));
}

function floatsOf(numbers: readonly number[]): Float32Array {
  return Float32Array.from(numbers);
}

function floatsFrom(binary: Buffer, input: Tensor, count: number): Float32Array {
  if (input.parameters?.binary_data_size !== count * 4 || binary.length !== count * 4) {
    throw new Refusal(400, `expected ${count * 4} bytes for input '${input.name}', got ${binary.length}`);
  }
  return Float32Array.from({ length: count }, (_, i) => binary.readFloatLE(i * 4));
}

function jsonAnswer({ output }: ServedNetwork, rows: readonly Float32Array[]): Answer {
  const data = rows.flatMap((row) => [...row]);
  return json({
    model_name: 'm',
    // As KServe's server writes it.
    outputs: [{ name: output.name, datatype: 'FP32', shape: shapeOf(output, rows), data, parameters: null }],
  });
}

/** Another output comes before the requested one, so that offsets matter. */
function binaryAnswer({ output }: ServedNetwork, rows: readonly Float32Array[], fault: Fault | undefined): Answer {
  const extra = Buffer.from('extra');
  const tensor = Buffer.alloc(rows.reduce((sum, row) => sum + row.length * 4, 0));
  rows.flatMap((row) => [...row]).forEach((value, i) => void tensor.writeFloatLE(value, i * 4));
  const size = fault?.kind === 'binary-size' ? fault.change(tensor.length) : tensor.length;
  const head = Buffer.from(
    JSON.stringify({
      model_name: 'm',
      outputs: [
        { name: 'extra', datatype: 'UINT8', shape: [5], parameters: { binary_data_size: extra.length } },
        { name: output.name, datatype: 'FP32', shape: shapeOf(output, rows), parameters: { binary_data_size: size } },
      ],
    }),
  );
  const headerLength = fault?.kind === 'header-length' ? fault.change(head.length) : String(head.length);
  return {
    status: 200,
    headers: { 'content-type': 'application/octet-stream', 'Inference-Header-Content-Length': headerLength },
    body: Buffer.concat([head, extra, tensor]),
  };
}

function shapeOf({ itemShape }: ServedNetwork['output'], rows: readonly Float32Array[]): number[] {
  const width = rows[0]?.length ?? 0;
  return itemShape.length === 1
    ? [rows.length, width]
    : [rows.length, width / (itemShape.at(-1) ?? 1), itemShape.at(-1) ?? 1];
}

function json(value: object, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
