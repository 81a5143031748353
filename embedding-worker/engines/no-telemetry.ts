/** Turns off ONNX Runtime's telemetry: from 1.30 on, a process with an open session looks up a collector of Microsoft's,
 *  keeps a device id and a queue of events in the user's cache folder, and a log in the temporary folder. The library reads
 *  the variable when it is loaded, so this module is imported before it (onnx-runtime.ts) and sets nothing else. */
process.env.ORT_DISABLE_TELEMETRY = '1';
