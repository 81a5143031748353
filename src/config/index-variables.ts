/** The environment variables of the index and of its Milvus server: see variables.ts. */
import { z } from 'zod';
import { anyText, int, number, optionalText, type Variable, variable } from './schemas.ts';

/** Collection names of Milvus have letters, digits and underscores, and begin with a letter or an underscore. The rest of the
 *  name needs the other 200 of its 255 characters. */
const prefixPattern = /^[A-Za-z_][A-Za-z0-9_]{0,54}$/;
const expected = 'expected faiss or milvus://host:port/prefix';

/** @returns what is wrong with a value of VECTOR_INDEX; null if nothing is */
function checkVectorIndex(text: string): string | null {
  if (text === 'faiss') return null;
  if (!text.startsWith('milvus://') || !URL.canParse(text)) return expected;
  const { hostname, port, pathname, search, hash, username, password } = new URL(text);
  if (username !== '' || password !== '') {
    return `${expected}, without user and password: set MILVUS_USER and MILVUS_PASSWORD, or MILVUS_TOKEN`;
  }
  if (hostname === '' || port === '') return `${expected}, with a host and a port (Milvus has 19530)`;
  if (search !== '' || hash !== '') return `${expected}, and nothing after the prefix`;
  if (!prefixPattern.test(pathname.slice(1))) {
    return `${expected}, with a prefix of 1 to 55 letters, digits and underscores that begins with a letter`;
  }
  return null;
}

const place = z.string().superRefine((text, context) => {
  const problem = checkVectorIndex(text);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

export const indexVariables = {
  INCLUDE_NON_MUSIC: variable(
    z.stringbool(),
    'false',
    'true or false',
    'compare chunks of silence, applause and noise too, and chunks that were marked as not music',
  ),
  INDEX_SHARDS: variable(int(1, 16), '2', 'processes', 'processes that search; each holds a part of the vectors'),
  INDEX_NICENESS: variable(
    int(0, 19),
    '15',
    'niceness',
    'how far reindexes, backups and checks of a bot or web server give way to other programs; 0: not at all. Next to programs that use all cores, they hardly proceed at 15',
  ),
  VECTOR_INDEX: variable(
    place,
    'faiss',
    'faiss or milvus://host:port/prefix',
    'what searches the vectors: processes on this machine (faiss), or a Milvus server (docs/scale.md); the prefix begins the names of the collections',
  ),
  MILVUS_USER: variable(optionalText, undefined, 'text', 'user of the Milvus server, with MILVUS_PASSWORD'),
  MILVUS_PASSWORD: variable(optionalText, undefined, 'text', 'password of MILVUS_USER'),
  MILVUS_TOKEN: variable(optionalText, undefined, 'text', 'token or API key of the Milvus server, instead of a user'),
  MILVUS_TLS: variable(z.stringbool(), 'false', 'true or false', 'encrypt the connection to the Milvus server'),
  MILVUS_CA: variable(
    optionalText,
    undefined,
    'path',
    "certificates (PEM) that the Milvus server's is checked against; requires MILVUS_TLS; unset: those of Node",
  ),
  MILVUS_DATABASE: variable(anyText, 'default', 'name', 'database in the Milvus server; it must exist'),
  MILVUS_INDEX: variable(
    z.enum(['auto', 'FLAT', 'SCANN', 'HNSW', 'IVF_SQ8', 'DISKANN']),
    'auto',
    'name',
    'index type of new collections; auto: FLAT (exact) up to 100,000 chunks, SCANN up to three million, HNSW above',
  ),
  MILVUS_RECALL_MIN: variable(
    number(0, 1),
    '0.98',
    'share',
    'lowest accepted recall@5 of an index type that is not exact, measured when it is built; a generation below it is refused',
  ),
} as const satisfies Record<string, Variable<unknown>>;
