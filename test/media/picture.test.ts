import fc from 'fast-check';
import { expect, test } from 'vitest';
import { queryDe } from '../../src/discord/texts/query.de.ts';
import { renderPicture } from '../../src/media/picture.ts';
import { pictureSvg } from '../../src/media/picture-svg.ts';
import { anyAnswer } from '../support/answers.ts';

const pngWidth = (png: Buffer) => png.readUInt32BE(16);

test('draws any answer as a PNG 1080 pixels wide', async () => {
  await fc.assert(
    fc.asyncProperty(anyAnswer, async (answer) => {
      const png = Buffer.from(await renderPicture(answer));
      expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
      expect(pngWidth(png)).toBe(1080);
    }),
    { numRuns: 15 },
  );
});

test('draws the same picture for the same answer', () => {
  fc.assert(fc.property(anyAnswer, (answer) => pictureSvg(answer) === pictureSvg(structuredClone(answer))));
});

test('keeps every mark inside the picture', () => {
  fc.assert(
    fc.property(anyAnswer, (answer) => {
      const svg = pictureSvg(answer);
      expect(svg).not.toMatch(/NaN|Infinity|undefined|width="-/);
      for (const [, x, width] of svg.matchAll(/<rect x="(-?[\d.]+)" y="[\d.]+" width="([\d.]+)"/g)) {
        expect(Number(x)).toBeGreaterThanOrEqual(0);
        expect(Number(x) + Number(width)).toBeLessThanOrEqual(1081);
      }
    }),
  );
});

test('escapes a title so that it cannot add elements to the picture', () => {
  const [answer] = fc.sample(
    anyAnswer.filter(({ results }) => results.length > 0),
    { numRuns: 1, seed: 1 },
  );
  const [first, ...rest] = answer?.results ?? [];
  if (!answer || !first) throw new Error('no answer was made');
  const hostile = { ...first, track: { ...first.track, title: '</text><script>x</script>"\u202e&' } };
  const svg = pictureSvg({ ...answer, results: [hostile, ...rest] });
  expect(svg).not.toContain('<script>');
  expect(svg).toContain('&#60;script&#62;');
});

test('writes the times of the query into the results, and names excluded parts', () => {
  const [answer] = fc.sample(
    anyAnswer.filter(({ results }) => results.length > 0),
    { numRuns: 1, seed: 1 },
  );
  const [first] = answer?.results ?? [];
  if (!answer || !first) throw new Error('no answer was made');
  const kinds = ['music', 'music', 'applause', 'applause', 'silence', 'silence'] as const;
  const chunks = kinds.map((kind, index) => ({
    index,
    startSec: index * 10,
    endSec: index * 10 + 10,
    overlapSec: 0,
    kind,
    loudnessDb: -20,
  }));
  const hit = {
    queryChunk: 1,
    queryStartSec: 10,
    trackId: 1,
    trackStartSec: 190,
    durationSec: 10,
    similarity: 0.9,
    distance: 0.1,
  };
  const query = { ...answer.query, durationSec: 60, toSec: 60, chunks };
  const svg = pictureSvg({ ...answer, query, results: [{ ...first, hits: [hit] }] });
  expect(svg).toContain('>3:10</text>');
  expect(svg).toContain('>applause</text>');
  expect(svg).toContain('>silence</text>');
});

test('shows the results of a later page under the verdict of the whole answer', () => {
  const [answer] = fc.sample(
    anyAnswer.filter(({ results }) => results.length > 0),
    { numRuns: 1, seed: 1 },
  );
  const [first] = answer?.results ?? [];
  if (!answer || !first) throw new Error('no answer was made');
  const named = (rank: number, title: string) => ({ ...first, rank, track: { ...first.track, id: rank, title } });
  const [best, other] = [named(1, 'The best'), named(11, 'The eleventh')];
  const svg = pictureSvg({ ...answer, verdict: { kind: 'sounds-like' }, results: [best, other] }, undefined, [other]);
  expect(svg).toContain('>Sounds like The best<');
  expect(svg).toContain('>11  The eleventh');
});

test('draws the texts in the given language', () => {
  fc.assert(
    fc.property(anyAnswer, (answer) => {
      const svg = pictureSvg(answer, queryDe.picture);
      for (const word of queryDe.picture.closeness) expect(svg).toContain(`>${word}<`);
      expect(svg).not.toMatch(/>(identical|very similar|less similar|silence|applause|noise)</);
    }),
  );
});
