/** Names and descriptions of `/library` and `/about`, in English. Names of chat commands are small letters. */
export const libraryCommandEn = {
  library: { name: 'library', description: 'Look after the music library: for admins of this server' },
  status: { name: 'status', description: 'What is in the library, and how the parts of me are' },
  reindex: {
    name: 'reindex',
    description: 'Read the library again: says first what that will do and how long it may take',
    mode: {
      name: 'mode',
      description: 'What to read: what has changed, unless you choose everything',
      changed: 'what has changed',
      everything: "everything anew (the bot's owners only)",
    },
  },
  cancel: { name: 'cancel', description: 'Stop the reindex that is open; what is done of it is kept' },
  failures: { name: 'failures', description: 'A list of the recordings that could not be read, and why' },
  remove: {
    name: 'remove',
    description: "Take a piece out of all answers (the bot's owners only)",
    piece: { name: 'piece', description: 'Type a part of its title, artist or file name, and choose' },
  },
  settings: {
    name: 'settings',
    description: 'Show what is set for this server and the schedule, or change it',
    shareChannel: { name: 'share_channel', description: 'Where finds are shared to' },
    schedule: { name: 'schedule', description: 'When to reindex what has changed, as in crontab: 0 3 * * *' },
    timeZone: { name: 'time_zone', description: 'Of the schedule, for example Europe/Berlin (UTC if you name none)' },
    private: { name: 'private', description: 'Whether answers are shown to the asker alone unless they say otherwise' },
    results: { name: 'results', description: 'How many pieces an answer shows unless the asker says otherwise' },
    reset: {
      name: 'reset',
      description: 'Take a setting back',
      shareChannel: 'share channel: where the find was made',
      schedule: 'schedule: none',
      results: 'results: 10',
    },
  },
  about: { name: 'about', description: 'What this is, what it keeps of what you send, and what you can type' },
};
