/** Names and descriptions of `/library` and `/about`, in English. Names of chat commands are in lower case. */
export const libraryCommandEn = {
  library: { name: 'library', description: 'Manage the music library: for admins of this server' },
  status: {
    name: 'status',
    description: 'Show the contents of the library, and the state of the worker, the index and the disk',
  },
  reindex: {
    name: 'reindex',
    description: 'Reindex the library: shows the work and the expected time first',
    mode: {
      name: 'mode',
      description: 'What to read (default: what has changed)',
      changed: 'what has changed',
      everything: "everything again (the bot's owners only)",
    },
  },
  cancel: { name: 'cancel', description: 'Stop the open reindex; its finished work is stored' },
  failures: { name: 'failures', description: 'List the recordings that could not be read, and why' },
  remove: {
    name: 'remove',
    description: "Remove a piece from all answers (the bot's owners only)",
    piece: { name: 'piece', description: 'Type a part of its title, artist or file name, then choose' },
  },
  settings: {
    name: 'settings',
    description: 'Show or change the settings of this server and the schedule',
    shareChannel: { name: 'share_channel', description: 'Channel for shared results' },
    schedule: { name: 'schedule', description: 'When to reindex changes, as in crontab: 0 3 * * *' },
    timeZone: { name: 'time_zone', description: 'Time zone of the schedule, for example Europe/Berlin (default: UTC)' },
    private: { name: 'private', description: 'Whether answers are private by default' },
    results: { name: 'results', description: 'How many pieces an answer shows by default' },
    reset: {
      name: 'reset',
      description: 'Reset a setting to its default',
      shareChannel: 'share channel: the channel of the query',
      schedule: 'schedule: none',
      results: 'results: 10',
    },
  },
  about: { name: 'about', description: 'Show what the bot does, which data it stores, and its commands' },
};
