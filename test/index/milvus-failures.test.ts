import { describe, expect, test } from 'vitest';
import { assertVersion } from '../../src/index/milvus/connection.ts';
import { failureOf } from '../../src/index/milvus/failures.ts';
import { MilvusGuard } from '../../src/index/milvus/guard.ts';
import { aliasOf, newCollection, stemOf } from '../../src/index/milvus/names.ts';
import { effortsOf, indexTypeFor, searchParameters } from '../../src/index/milvus/settings.ts';

const address = 'milvus.example:19530';

describe('failures of Milvus', () => {
  test.each([
    [{ code: 14, details: 'No connection established' }, 'index-unavailable', /does not answer: No connection/],
    [{ code: 4, details: 'Deadline exceeded' }, 'index-unavailable', /does not answer/],
    [{ code: 16, details: 'auth check failure' }, 'config-invalid', /MILVUS_USER and MILVUS_PASSWORD/],
    [{ code: 800, reason: 'database not found[database=x]' }, 'config-invalid', /change MILVUS_DATABASE/],
    [{ code: 65535, reason: 'disk quota exceeded, please allocate more resources' }, 'disk-full', /has no room left/],
    [{ code: 100, reason: "can't find collection[database=default][collection=x]" }, 'index-corrupt', /npm run index/],
    [{ code: 65535, reason: 'vector dimension mismatch' }, 'index-corrupt', /npm run index/],
    [{ code: 65535, reason: 'something else' }, 'index-unavailable', /failed: something else/],
  ])('%o is %s', (told, code, words) => {
    const failure = failureOf(told, 'search in c', address);
    expect(failure).toMatchObject({ code });
    expect(failure.message).toMatch(words);
    expect(failure.message).toMatch(/^Cannot search in c: Milvus at milvus\.example:19530/);
  });

  test('a version before 2.3 is refused, others are not', () => {
    for (const version of ['v2.3.5', 'v2.3.5-lite', '2.6.1', 'milvus_lite-3.2.2', 'v3.0.0', 'cloud']) {
      expect(() => assertVersion(version, address)).not.toThrow();
    }
    for (const version of ['v2.2.16', '1.1.1']) {
      expect(() => assertVersion(version, address)).toThrow(/expected version 2\.3 or newer, got/);
    }
  });

  test('requests are repeated, and refused at once after several failed', async () => {
    const guard = new MilvusGuard('Milvus', {
      repeatsMax: 1,
      pauseMs: 1,
      pauseMaxMs: 1,
      failuresMax: 2,
      openMs: 60_000,
    });
    let sent = 0;
    const down = () => {
      sent += 1;
      return Promise.reject(failureOf({ code: 14, details: 'refused' }, 'search', address));
    };
    for (let time = 0; time < 2; time += 1) await expect(guard.run(down)).rejects.toThrow(/does not answer: refused/);
    expect(sent).toBe(4);
    await expect(guard.run(down)).rejects.toThrow(/^Milvus is down, and is asked again in a few seconds.*refused/);
    expect(sent).toBe(4);
  });

  test('other failures are not repeated, and do not count as an outage', async () => {
    const guard = new MilvusGuard('Milvus', {
      repeatsMax: 3,
      pauseMs: 1,
      pauseMaxMs: 1,
      failuresMax: 1,
      openMs: 60_000,
    });
    let sent = 0;
    const missing = () => {
      sent += 1;
      return Promise.reject(failureOf({ reason: 'collection not found' }, 'search', address));
    };
    for (let time = 0; time < 3; time += 1)
      await expect(guard.run(missing)).rejects.toMatchObject({ code: 'index-corrupt' });
    expect(sent).toBe(3);
    expect(await guard.run(async (repeats) => repeats)).toBe(0);
  });
});

test('collections of a space of a catalog have names that no other has', () => {
  const owner = { spaceId: 'builtin@2.0 10s', catalogId: 'a' };
  const name = newCollection('music', { ...owner, content: 'f'.repeat(64) }, 'sound');
  expect(name).toMatch(/^music_[0-9a-f]{12}_sound_f{12}_[0-9a-f]{6}$/);
  expect(name.startsWith(stemOf('music', owner))).toBe(true);
  expect(name.startsWith(stemOf('music', { ...owner, catalogId: 'b' }))).toBe(false);
  expect(aliasOf('music', owner, 'sound').startsWith(stemOf('music', owner))).toBe(true);
});

test('the type of an index follows its size, unless a type was chosen', () => {
  const sizes = [100_000, 100_001, 3_000_000, 3_000_001];
  const types = sizes.map((rows) => indexTypeFor({ indexType: 'auto' }, rows, 'v2.3.5-lite'));
  expect(types).toEqual(['FLAT', 'SCANN', 'SCANN', 'HNSW']);
  expect(indexTypeFor({ indexType: 'auto' }, 400_000, 'milvus_lite-3.2.2')).toBe('FLAT');
  expect(indexTypeFor({ indexType: 'IVF_SQ8' }, 10, 'v2.3.5')).toBe('IVF_SQ8');
});

test('the greatest effort visits every cluster, and a greater one never visits less', () => {
  for (const indexType of ['SCANN', 'IVF_SQ8', 'HNSW', 'DISKANN'] as const) {
    const visited = effortsOf(indexType).map((effort) => {
      const { nprobe, ef, search_list: list } = searchParameters({ indexType, effort }, 400_000, 13);
      return nprobe ?? ef ?? list ?? 0;
    });
    expect(visited).toEqual(visited.toSorted((a, b) => a - b));
    expect(visited.at(-1)).toBe({ SCANN: 256, IVF_SQ8: 1_024, HNSW: 2_048, DISKANN: 2_048 }[indexType]);
  }
});
