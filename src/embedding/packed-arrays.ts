/** Encodes arrays of numbers as base64, for worker answers and model manifests. Separate from the wire format, whose
 *  validator would cost an inference process 18 MB of memory. */

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

/** A copy at offset 0 of its own buffer: Buffers from the pool may be unaligned. */
function alignedBytes(base64: string): ArrayBuffer {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length % 4 !== 0) throw new RangeError(`Cannot read an array: ${bytes.length} bytes are not whole words`);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}
