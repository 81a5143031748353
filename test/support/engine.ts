/** `npm run test:milvus` sets VECTOR_INDEX, so that the same tests run on Milvus. */
export const engineEnvironment: Readonly<Record<string, string>> =
  process.env.VECTOR_INDEX === undefined ? {} : { VECTOR_INDEX: process.env.VECTOR_INDEX };
