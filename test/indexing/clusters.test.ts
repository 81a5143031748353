import { describe, expect, test } from 'vitest';
import type { LiveChunk } from '../../src/catalog/live-chunks.ts';
import { nearestCentre } from '../../src/catalog/marked-regions.ts';
import { type ClusterSource, clusterChunks } from '../../src/indexing/clusters/clusters.ts';
import { reasonsOf } from '../../src/indexing/clusters/suspicion.ts';

const dimensions = 8;
const options = { examplesMax: 3, signal: new AbortController().signal };

/** Tracks of ten chunks, each around its own direction; the last chunk of each around a shared one. */
function libraryOf(tracks: number): LiveChunk[] {
  return Array.from({ length: tracks }, (_, track) =>
    Array.from({ length: 10 }, (_, i): LiveChunk => {
      const isEnd = i === 9;
      return {
        trackId: track + 1,
        startSec: 10 * i,
        endSec: 10 * i + 10,
        kind: isEnd && track % 2 === 0 ? 'applause' : 'music',
        loudnessDb: isEnd ? -40 : -20,
        atEdge: i === 0 || isEnd,
        marked: isEnd && track === 0,
        vector: unitVector(
          (axis) => Number(axis === (isEnd ? 7 : track % 7)) + 0.05 * Math.sin(track * 37 + i * 11 + axis),
        ),
      };
    }),
  ).flat();
}

function unitVector(at: (axis: number) => number): Float32Array {
  const raw = Array.from({ length: dimensions }, (_, axis) => at(axis));
  return Float32Array.from(raw, (value) => value / Math.hypot(...raw));
}

function sourceOf(chunks: readonly LiveChunk[]): ClusterSource {
  const trackIds = new Set(chunks.map(({ trackId }) => trackId));
  return { count: chunks.length, rows: () => chunks, trackLoudnessDb: new Map([...trackIds].map((id) => [id, -22])) };
}

const chunks = libraryOf(14);
const clustering = clusterChunks(sourceOf(chunks), options);
const ends = clustering.clusters.filter(({ centre }) => isOfEnds(centre));

function isOfEnds(centre: number): boolean {
  return (clustering.centres[centre * dimensions + 7] as number) > 0.8;
}

describe('grouping', () => {
  test('puts every chunk into the group with the nearest centre', () => {
    expect(clustering.clusters.reduce((sum, cluster) => sum + cluster.chunks, 0)).toBe(chunks.length);
    expect(clustering).toMatchObject({ chunks: 140, tracks: 14, edgeShare: 0.2 });
    for (const cluster of clustering.clusters) {
      const members = chunks.filter(
        ({ vector }) => nearestCentre(clustering.centres, vector).centre === cluster.centre,
      );
      const similarities = members.map(({ vector }) => nearestCentre(clustering.centres, vector).similarity);
      expect(cluster.chunks).toBe(members.length);
      expect(cluster.minSimilarity).toBe(Math.min(...similarities));
      expect(cluster.examples[0]?.similarity).toBe(Math.max(...similarities));
    }
  });

  test('separates what all tracks share from the rest', () => {
    expect(ends.reduce((sum, cluster) => sum + cluster.chunks, 0)).toBe(14);
    for (const { edgeShare, overTrackDb } of ends) {
      expect(edgeShare).toBe(1);
      expect(overTrackDb).toBe(-18);
    }
  });

  test('gives examples from different tracks, nearest first', () => {
    for (const { examples } of clustering.clusters) {
      const similarities = examples.map(({ similarity }) => similarity);
      expect(new Set(examples.map(({ trackId }) => trackId)).size).toBe(examples.length);
      expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
    }
  });

  test('gives the same groups for the same library', () => {
    expect(clusterChunks(sourceOf(libraryOf(14)), options)).toEqual(clustering);
  });

  test('makes one group of a library with one chunk', () => {
    const { clusters } = clusterChunks(sourceOf(chunks.slice(0, 1)), options);
    expect(clusters).toMatchObject([{ chunks: 1, tracks: 1 }]);
  });

  test('stops on abort', () => {
    const signal = AbortSignal.abort(new Error('enough'));
    expect(() => clusterChunks(sourceOf(chunks), { ...options, signal })).toThrow('enough');
  });
});

describe('suspicion', () => {
  const suspicionOf = (heard: Parameters<typeof reasonsOf>[2], edge: boolean) =>
    clustering.clusters
      .filter(({ centre }) => isOfEnds(centre) === edge)
      .map((cluster) => reasonsOf(cluster, clustering, heard).reduce((sum, { weight }) => sum + weight, 0));

  test('is higher for applause at the end of many tracks than for all music', () => {
    expect(Math.min(...suspicionOf(null, true))).toBeGreaterThan(Math.max(...suspicionOf(null, false)));
    const [first] = ends;
    if (!first) throw new Error('expected a group of ends');
    const texts = reasonsOf(first, clustering, null).map(({ text }) => text);
    expect(texts.join('; ')).toMatch(/the gate rejects/);
    expect(texts).toContain('100 % at the beginning or end of tracks');
    expect(texts).toContain('18 dB below the rest of their tracks');
  });

  test('is higher for a group that sounds like noise, and higher still for steady noise', () => {
    const [plain, noisy, steady] = [
      { noisiness: 0, levelSpreadDb: 8 },
      { noisiness: 0.9, levelSpreadDb: 8 },
      { noisiness: 0.9, levelSpreadDb: 0.5 },
    ].map((heard) => Math.max(...suspicionOf(heard, false)));
    expect(plain).toBeLessThan(noisy as number);
    expect(noisy).toBeLessThan(steady as number);
  });

  test('is not raised for a steady drone that is not noise', () => {
    expect(suspicionOf({ noisiness: 0.05, levelSpreadDb: 0.2 }, false)).toEqual(suspicionOf(null, false));
  });
});
