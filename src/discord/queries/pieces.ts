/** Pieces of the library by what people type. */
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Track } from '../../domain.ts';
import { LeitmotifError } from '../../errors.ts';
import { oneLine, trackName } from '../../format.ts';

/** @see https://discord.com/developers/docs/interactions/application-commands */
const choicesMax = 25;
const choiceLengthMax = 100;
/** A chosen piece comes back as this and its id, so that two of one name are told apart. */
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

/** Also for who types on without choosing: then the best match counts.
 *  @throws {LeitmotifError} 'track-unknown'; 'index-empty' where there is no piece at all */
export function choosePiece(catalog: Catalog, text: string): { readonly kind: 'piece'; readonly trackId: number } {
  const id = Number(chosen.exec(text)?.[1] ?? catalog.tracks.search(text, 1)[0]?.id);
  if (!Number.isSafeInteger(id) || !catalog.tracks.live([id]).has(id)) {
    if (catalog.tracks.search('', 1).length === 0)
      throw new LeitmotifError('index-empty', 'Cannot ask with a piece: there is none in the library');
    const facts = { name: text.slice(0, choiceLengthMax) };
    throw new LeitmotifError('track-unknown', 'Cannot find such a piece in the library', { facts });
  }
  return { kind: 'piece', trackId: id };
}
