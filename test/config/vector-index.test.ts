import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

const read = (environment: Record<string, string>) => readConfig(environment, '/x').vectorIndex;
const place = 'milvus://milvus.example:19530/music';

describe('VECTOR_INDEX', () => {
  test('is FAISS by default', () => {
    expect(read({})).toEqual({ engine: 'faiss' });
    expect(read({ MILVUS_PASSWORD: 'alone' })).toEqual({ engine: 'faiss' });
  });

  test('names a Milvus server, a prefix, and how to sign in', () => {
    const { engine, ...rest } = read({
      ...{ VECTOR_INDEX: place, MILVUS_USER: 'u', MILVUS_PASSWORD: 'p', MILVUS_TLS: 'true', MILVUS_CA: 'ca.pem' },
      ...{ MILVUS_DATABASE: 'db', MILVUS_INDEX: 'FLAT', MILVUS_RECALL_MIN: '0.9' },
    });
    expect(engine).toBe('milvus');
    expect(rest).toEqual({
      milvus: {
        ...{ address: 'milvus.example:19530', prefix: 'music', user: 'u', password: 'p', token: null, tls: true },
        ...{ caFile: '/x/ca.pem', database: 'db', indexType: 'FLAT', recallMin: 0.9 },
      },
    });
  });

  test.each([
    [{ VECTOR_INDEX: 'qdrant://a:1/b' }, /expected faiss or milvus:\/\/host:port\/prefix/],
    [{ VECTOR_INDEX: 'milvus://host/music' }, /with a host and a port/],
    [{ VECTOR_INDEX: 'milvus://host:19530/' }, /with a prefix of 1 to 55/],
    [{ VECTOR_INDEX: 'milvus://host:19530/1a' }, /that begins with a letter/],
    [{ VECTOR_INDEX: 'milvus://host:19530/a?b=c' }, /nothing after the prefix/],
    [{ VECTOR_INDEX: place, MILVUS_USER: 'u' }, /MILVUS_PASSWORD: MILVUS_USER needs it/],
    [{ VECTOR_INDEX: place, MILVUS_USER: 'u', MILVUS_PASSWORD: 'p', MILVUS_TOKEN: 't' }, /got both/],
    [{ VECTOR_INDEX: place, MILVUS_CA: 'ca.pem' }, /expected MILVUS_TLS=true/],
  ])('%o is refused', (environment, words) => {
    expect(() => read(environment as Record<string, string>)).toThrow(words);
  });

  test('with a password in the address is refused, without repeating the password', () => {
    const failing = () => read({ VECTOR_INDEX: 'milvus://user:secret@host:19530/music' });
    expect(failing).toThrow(/set MILVUS_USER and MILVUS_PASSWORD/);
    expect(failing).not.toThrow(/secret/);
  });
});
