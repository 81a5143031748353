import type { MilvusKind } from './environments.ts';

/** `MILVUS_KIND=server npm run test:milvus` runs the tests on the server 2.3.5, which takes minutes, instead of Milvus Lite. */
export const kind: MilvusKind = process.env.MILVUS_KIND === 'server' ? 'server' : 'lite';
