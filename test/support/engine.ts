/** `npm run test:milvus` sets VECTOR_INDEX, so that the same tests run on Milvus. */
export const engineEnvironment: Readonly<Record<string, string>> =
  process.env.VECTOR_INDEX === undefined ? {} : { VECTOR_INDEX: process.env.VECTOR_INDEX };

/** Whether the tests' vectors are in a server, and not in files of the index folder. */
export const isOnServer = (engineEnvironment.VECTOR_INDEX ?? 'faiss') !== 'faiss';
