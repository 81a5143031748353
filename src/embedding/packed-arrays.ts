/** Arrays of numbers as text: base64 of their bytes, as they stand in answers of the worker and in model manifests. Apart from
 *  the wire format, whose validator is 18 MB of memory that an inference process need not have. */

/** Base64 of the array's bytes. The platforms that Node 24 runs on are little-endian, as is the format. */
export function encodeArray(array: Float32Array | Uint32Array): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');
}

export function decodeFloat32(base64: string): Float32Array {
  return new Float32Array(alignedBytes(base64));
}

export function decodeUint32(base64: string): Uint32Array {
  return new Uint32Array(alignedBytes(base64));
}

/** A copy that starts at offset 0 of its own buffer: Buffers from the pool may lie at odd offsets. */
function alignedBytes(base64: string): ArrayBuffer {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length % 4 !== 0) throw new RangeError(`Cannot read an array: ${bytes.length} bytes are not whole words`);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}
