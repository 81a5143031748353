import { expect, test } from 'vitest';
import type { Fingerprint } from '../../src/domain.ts';
import { changedProof, type ReadSpeedFingerprints } from '../../src/ranking/changed-proof.ts';

const itemSec = 0.125;

/** Words whose bytes stay for some items, as the measurements of music do. */
function music(count: number, seed: number): Fingerprint {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const bytes = [0, 0, 0, 0];
  const items = Uint32Array.from({ length: count }, () => {
    for (let at = 0; at < 4; at++) if (random() >>> 30 === 0) bytes[at] = random() >>> 24;
    return bytes.reduce((word, byte, at) => (word | (byte << (8 * at))) >>> 0, 0);
  });
  return { items, itemSec };
}

function played({ items }: Fingerprint, from: number, count: number, rate: number): Fingerprint {
  return {
    itemSec,
    items: Uint32Array.from({ length: count }, (_, item) => items[Math.round(from + rate * item)] ?? 0),
  };
}

const unheard: ReadSpeedFingerprints = async () => null;

test('fingerprints the middle minute of a long query, and counts the offset from its start', async () => {
  const track = music(3000, 1);
  const query = played(track, 200, 1600, 1.02);
  const parts: Parameters<ReadSpeedFingerprints>[0][] = [];
  const proof = await changedProof(query, new Map([[4, track]]), async (part) => {
    parts.push(part);
    return null;
  });
  expect(parts).toHaveLength(1);
  expect(parts[0]?.fromSec).toBe(70);
  expect(parts[0]?.durationSec).toBeCloseTo(62.5, 9);
  expect(proof).toMatchObject({ trackId: 4, match: { speed: 1.02 } });
  expect(Math.abs((proof?.match.offsetSec ?? 0) - 25)).toBeLessThan(1);
});

test('chooses the candidate with the best agreement, and the smaller id on a tie', async () => {
  const track = music(1000, 2);
  const query = played(track, 100, 240, 0.97);
  const worse = { itemSec, items: track.items.map((word, at) => (at % 4 === 0 ? word ^ 0x5a5a5a5a : word) >>> 0) };
  const candidates = new Map([
    [9, track],
    [5, track],
    [2, worse],
    [1, music(1000, 3)],
  ]);
  expect(await changedProof(query, candidates, unheard)).toMatchObject({ trackId: 5 });
});

test('computes no fingerprints when nothing can be proved', async () => {
  const hear: ReadSpeedFingerprints = async () => {
    throw new Error('was asked');
  };
  expect(await changedProof(music(300, 4), new Map(), hear)).toBeNull();
  expect(await changedProof(music(80, 5), new Map([[1, music(1000, 6)]]), hear)).toBeNull();
  // Nothing that resembles it at all.
  expect(await changedProof(music(300, 5), new Map([[1, music(1000, 6)]]), hear)).toBeNull();
});

test('rethrows the error when the audio cannot be read', async () => {
  const failed = new Error('cancelled');
  const track = music(1000, 8);
  const proof = changedProof(played(track, 100, 300, 1.02), new Map([[1, track]]), () => Promise.reject(failed));
  await expect(proof).rejects.toBe(failed);
});

test("reports speed 1 within 0.3 % of the track's own", async () => {
  const track = music(1500, 9);
  const proof = await changedProof(played(track, 300, 480, 1.001), new Map([[1, track]]), unheard);
  expect(proof?.match.speed).toBe(1);
});
