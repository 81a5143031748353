/** Texts of the library and of a track, in English. */
export const libraryEn = {
  nav: 'Library',
  heading: 'Library',
  search: 'Search in title, artist and file name',
  title: 'Title',
  artist: 'Artist',
  album: 'Album',
  duration: 'Duration',
  more: 'Show more',
  none: 'No track of your library has these words.',
  empty: 'Your library is empty. Index it first: npm run index -- ~/Music',
  waveform: (name: string) => `Waveform of ${name}`,
  toLibrary: 'To the library',
};
