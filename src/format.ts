/** Formats times, sizes and distances for people, the same everywhere. Pure. */

/** 0:40, 3:10, 1:02:05. Rounded down to the second, as in players. Negative times get a minus sign. */
export function formatTime(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds) + 1e-6);
  const sign = seconds < 0 && whole > 0 ? '-' : '';
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, '0');
  return h > 0 ? `${sign}${h}:${String(m).padStart(2, '0')}:${s}` : `${sign}${m}:${s}`;
}

/** Reads 80, 1:20 or 1:02:05, with an optional decimal part in the seconds.
 *  @throws {RangeError} on anything else */
export function parseTime(text: string): number {
  const match = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)$/.exec(text.trim());
  const [h, m, s] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0), Number(match?.[3])];
  const hasMinutes = match?.[2] !== undefined;
  if (!match || (hasMinutes && s >= 60) || (match[1] !== undefined && m >= 60)) {
    throw new RangeError(`Cannot read the time "${text}": expected seconds or m:ss, for example 80 or 1:20`);
  }
  return h * 3600 + m * 60 + s;
}

/** 45 s, 12 min, 3.4 h: for amounts of audio and of work. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** 1 recording, 2 recordings. @param one the singular of a noun with a plural in s */
export function counted(amount: number, one: string): string {
  return `${amount} ${one}${amount === 1 ? '' : 's'}`;
}

/** Why tracks have no music: 2 silence, 1 talk or noise. The gate does not distinguish talk from other noise. */
export function kindsWithoutMusic(tracks: Readonly<Record<'silence' | 'applause' | 'noise', number>>): string {
  const { silence, applause, noise } = tracks;
  const parts = [
    [silence, 'silence'],
    [applause, 'applause'],
    [noise, 'talk or noise'],
  ] as const;
  return parts.flatMap(([count, noun]) => (count > 0 ? [`${count} ${noun}`] : [])).join(', ');
}

export type DistanceWord = 'identical' | 'very similar' | 'similar' | 'less similar';

/** The original system's words for a cosine distance. Distances between its two thresholds are "similar". */
export function distanceInWords(distance: number): DistanceWord {
  if (distance < 0.0005) return 'identical';
  if (distance < 0.2) return 'very similar';
  return distance <= 0.5 ? 'similar' : 'less similar';
}

/** A track's display name: its title, or its file's name. */
export function trackName(track: { readonly key: string; readonly title: string | null }): string {
  return track.title ?? fileStem(track.key);
}

/** The last part of a path without its extension. */
export function fileStem(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

/** One line without control characters and direction marks, cut to `lengthMax` characters: titles are untrusted text and
 *  must not control a terminal, a picture or a message. */
export function oneLine(text: string, lengthMax = 120): string {
  const plain = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .trim();
  const characters = [...plain];
  return characters.length <= lengthMax ? plain : `${characters.slice(0, lengthMax - 1).join('')}…`;
}

export const msPerDay = 86_400_000;

/** For text and attributes in HTML and XML. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
