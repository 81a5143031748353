/** Names and descriptions of the commands about queries, in English. Names of chat commands are in lower case. */
export const similarCommandEn = {
  name: 'similar',
  description: 'Find music that sounds like a clip, a link or a piece of the library',
  clip: { name: 'clip', description: 'A recording or a video: mp3, m4a, ogg, flac, wav, mp4 and most others' },
  link: {
    name: 'link',
    description: 'A direct link to an audio file (for a message: use Apps > Find similar music in its menu)',
  },
  piece: { name: 'piece', description: 'A piece of the library: type a part of its title, artist or file name' },
  results: { name: 'results', description: 'How many pieces to show on a page (default: 5)' },
  from: { name: 'from', description: 'Start of the part to use, for example 0:40' },
  to: { name: 'to', description: 'End of the part to use, for example 1:10' },
  private: { name: 'private', description: 'Show the answer to you alone' },
  sameArtist: { name: 'same_artist', description: 'Allow more than two pieces of one artist' },
  focus: { name: 'focus', description: 'What decides: sound, harmony or both (default: both)' },
  focusNames: { balanced: 'both', sound: 'sound', harmony: 'harmony' },
  menuName: 'Find similar music',
};
