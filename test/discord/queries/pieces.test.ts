import { expect, test } from 'vitest';
import { choosePiece } from '../../../src/discord/queries/pieces.ts';
import { factsOf, openCatalog, recordingOf } from '../../catalog/helpers.ts';

const failing = (code: string) => expect.objectContaining({ code });

test('refuses an unknown track, and reports an empty library', () => {
  const catalog = openCatalog();
  expect(() => choosePiece(catalog, 'Goldberg')).toThrow(failing('index-empty'));
  const trackId = catalog.embeddings.put(factsOf('a'), recordingOf(['music']));
  expect(() => choosePiece(catalog, 'Goldberg')).toThrow(failing('track-unknown'));
  expect(choosePiece(catalog, `track:${trackId}`)).toEqual({ kind: 'piece', trackId });
});
