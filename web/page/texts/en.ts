/** The page's own texts, in English. What bot and page both say is the bot's: src/discord/texts/. */
export const pageEn = {
  title: 'Leitmotif',
  about: 'Find music that sounds like a piece you give it',
  toStart: 'Ask with another piece',
  navigation: 'Pages',
  loading: 'Loading',

  ask: {
    nav: 'Ask',
    heading: 'What should it sound like?',
    drop: 'Drop a recording anywhere on this page, or paste one',
    choose: 'Choose a recording',
    formats: 'mp3, m4a, ogg, opus, flac, wav, or a video with sound',
    link: 'Or a link to a recording',
    linkExample: 'https://example.org/piece.mp3',
    askWithLink: 'Ask',
    dropHere: 'Drop it to ask with it',
    library: (tracks: string) => `Compared with ${tracks} of your library`,
    one: 'track',
    other: 'tracks',
    severalFiles: 'Please ask with one recording at a time.',
    notALink: 'This is not a link. It should begin with http:// or https://.',
  },

  progress: {
    sending: 'Sending the recording.',
    starting: 'Starting.',
    name: (name: string) => `Asking with ${name}`,
  },

  answer: {
    noMusic: 'There is no music in it to compare',
    otherRecording: 'Try another recording, or another part of it.',
    longerPart: 'Try a longer or another part. These pieces are the nearest ones, but none is a close match.',
    loading: 'Loading the answer.',
    query: (name: string, duration: string) => `Yours: ${name}, ${duration}`,
    yoursWaveform: 'Your recording, with the matching moments',
    waveform: (name: string) => `${name}, with the matching moments`,
    moments: 'Matching moments',
    askWith: 'Ask with it',
    askWithNamed: (name: string) => `Ask with it: ${name}`,
    picture: 'The match picture',
    results: 'Results',
    more: (amount: string) => `Show ${amount} (not close)`,
    one: 'more',
    other: 'more',
  },

  player: {
    name: 'Player',
    play: 'Play',
    pause: 'Pause',
    close: 'Close the player',
    yours: 'Yours',
    theirs: 'Theirs',
    side: 'Which one is heard',
    position: 'Position',
    loading: 'Loading',
    yoursMissing: 'Your own side is no longer stored. Ask again to hear both.',
    keys: 'Space plays, A is yours, B is theirs, the arrows move by 2 s',
  },

  key: {
    heading: 'This library needs an API key',
    label: 'API key',
    hint: 'The person who runs the server makes one with: npm run web -- keys add NAME',
    stored: 'It is kept in this tab until you close it.',
    use: 'Use it',
    refused: 'The server does not accept this key. Check it for missing characters; it may also have expired.',
  },

  failure: {
    heading: 'That did not work',
    again: 'Try again',
    unreachable: 'The server does not respond. Check that npm run web still runs and that this device is connected.',
    server: (reference: string) =>
      `The server cannot do this at the moment; that is not your fault. Its log says why, under the reference ${reference}.`,
    own: {
      'worker-unavailable':
        'The embedding worker does not respond, so no recording can be compared. Try again in a minute. If that does not help, restart npm run web and read its log.',
      'index-empty': 'The library is empty. Index it first: npm run index -- ~/Music',
      'bad-request': 'The server did not understand the request. Reload the page and ask again.',
      'not-allowed':
        'The server does not accept requests from this page. Open it under the address that npm run web prints.',
      'not-found': 'There is no such answer, or it belongs to another API key. Ask again to get one.',
      unauthorized: 'The server needs a valid API key.',
    } as Readonly<Record<string, string>>,
  },
};

/** Without those of the slices: library, map, admin and people. */
export type OwnTexts = typeof pageEn;
