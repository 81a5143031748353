/** Turns off ONNX Runtime's telemetry. From 1.30 on, a process with an open session resolves a collector of Microsoft, and
 *  stores a device id and a queue of events in the user's cache folder and a log in the temporary folder. The library reads
 *  the variable when it is loaded, so onnx-runtime.ts imports this module first. */
process.env.ORT_DISABLE_TELEMETRY = '1';
