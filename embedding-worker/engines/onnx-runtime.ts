/** ONNX Runtime without its telemetry. Every program, benchmark and test gets the library from here. */
import './no-telemetry.ts';

export { env, InferenceSession, Tensor } from 'onnxruntime-node';
