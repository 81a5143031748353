/** Texts about the caller and what they do with an answer, in English: signing in, refining, voting, sharing, recording. */
export const peopleEn = {
  forgetKey: 'Forget the API key',
  signIn: 'Sign in with Discord',
  signOut: 'Sign out',
  signedInAs: (name: string) => `Signed in as ${name}`,
  signInHint: 'Members of the home server can ask here; those who manage it can also manage the library.',
  orKey: 'Or use an API key',
  outcomes: {
    cancelled: 'You were not signed in, because it was cancelled at Discord. Try again whenever you like.',
    'no-role':
      'You were not signed in: this library is for members of a certain Discord server. Ask the person who runs it.',
    unavailable: 'You were not signed in: Discord does not answer at the moment. Try again in a minute.',
    failed: 'You were not signed in: the attempt took too long or was used before. Try again.',
  } as Readonly<Record<string, string>>,

  refine: {
    more: 'More like this',
    moreNamed: (name: string) => `More like this: ${name}`,
    plus: 'More of it',
    plusNamed: (name: string) => `More of it: ${name}`,
    minus: 'Less of it',
    minusNamed: (name: string) => `Less of it: ${name}`,
    heading: 'Ask with several pieces',
    remove: (name: string) => `Take out ${name}`,
    ask: 'Ask with these',
    needsPlus: 'Add a piece that the results should resemble.',
    chipPlus: (name: string) => `+ ${name}`,
    chipMinus: (name: string) => `\u2212 ${name}`,
    momentOf: (name: string, moment: string) => `${name}, ${moment}`,
    tooMany: 'At most ten pieces of each kind.',
  },

  votes: {
    up: (name: string) => `Good result: ${name}`,
    down: (name: string) => `Bad result: ${name}`,
  },

  share: {
    copy: 'Copy a link to this answer',
    copied: 'Copied. Everybody who has the link sees this answer.',
    copyByHand: 'Copy this link. Everybody who has it sees this answer:',
    inDiscord: 'Share in Discord',
    inDiscordNamed: (name: string) => `Share in Discord: ${name}`,
    inServer: (server: string) => `Share in ${server}`,
    inServerNamed: (server: string, name: string) => `Share in ${server}: ${name}`,
    shared: 'Posted in Discord.',
    already: 'It is there already.',
    open: 'Open the post',
    seen: 'Somebody shared this answer with you.',
    askYourself: 'Ask with a piece of yours',
  },

  record: {
    start: 'Record what plays in the room',
    stop: 'Stop and ask',
    cancel: 'Cancel',
    running: (left: string) => `Listening: ${left} left`,
    level: 'Level',
    quiet: 'It is very quiet. Hold the microphone nearer.',
    needsHttps:
      'Recording needs HTTPS, or this page on the machine itself (localhost): browsers give no microphone to others.',
    refused: 'The browser gave no microphone. Allow it in the settings of this page, and try again.',
    missing: 'There is no microphone.',
    name: 'Recording',
  },

  part: {
    label: 'Part of your piece',
    hint: 'Drag on the waveform to choose a part.',
    ask: (from: string, to: string) => `Ask with ${from} to ${to}`,
    from: 'Begins at',
    to: 'Ends at',
  },
};
