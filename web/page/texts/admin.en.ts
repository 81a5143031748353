/** Texts of the administration, in English. */
export const adminEn = {
  nav: 'Admin',
  heading: 'Administration',
  state: 'State of the library',
  tracks: 'Indexed tracks',
  failed: 'Failed recordings',
  removed: 'Removed tracks',
  hours: 'Hours of music',
  chunks: 'Chunks',
  chunkCounts: (music: string, others: string) => `${music} of music, ${others} others`,
  index: 'Index that answers',
  built: (at: string, tracks: string) => `built on ${at}, with ${tracks} tracks`,
  noIndex: (code: string) => (code === '' ? 'none' : `none (${code})`),
  worker: 'Embedding worker',
  workerStates: { ready: 'ready', unavailable: 'does not respond' },
  lastRun: 'Last index run',
  run: (state: string, at: string) => `${runStates[state] ?? state}, ${at}`,
  never: 'never',
  space: 'Space of the model',
  unknown: 'not known',
};

const runStates: Readonly<Record<string, string>> = {
  ...{ running: 'running', done: 'done', failed: 'failed', cancelled: 'cancelled', interrupted: 'interrupted' },
};
