/** Library tracks for autocomplete, and by the chosen or typed text. */
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Track } from '../../domain.ts';
import { LeitmotifError } from '../../errors.ts';
import { oneLine, trackName } from '../../format.ts';

/** @see https://discord.com/developers/docs/interactions/application-commands */
const choicesMax = 25;
const choiceLengthMax = 100;
/** The value of a choice carries the track id, so that tracks of the same name differ. */
const chosen = /^track:(\d{1,15})$/;

export function offerPieces(catalog: Catalog, typed: string): ApplicationCommandOptionChoiceData[] {
  return catalog.tracks.search(typed, choicesMax).map((track) => ({ name: label(track), value: `track:${track.id}` }));
}

function label(track: Track): string {
  return (
    oneLine(track.artist ? `${trackName(track)} - ${track.artist}` : trackName(track), choiceLengthMax) ||
    track.key.slice(-choiceLengthMax)
  );
}

/** The chosen track; for text typed without a choice, the best match.
 *  @throws {LeitmotifError} 'track-unknown'; 'index-empty' when the library has no tracks */
export function choosePiece(catalog: Catalog, text: string): { readonly kind: 'piece'; readonly trackId: number } {
  const id = Number(chosen.exec(text)?.[1] ?? catalog.tracks.search(text, 1)[0]?.id);
  if (!Number.isSafeInteger(id) || !catalog.tracks.live([id]).has(id)) {
    if (catalog.tracks.search('', 1).length === 0)
      throw new LeitmotifError('index-empty', 'Cannot query with a library track: the library is empty');
    const facts = { name: text.slice(0, choiceLengthMax) };
    throw new LeitmotifError('track-unknown', 'Cannot find this track in the library', { facts });
  }
  return { kind: 'piece', trackId: id };
}
