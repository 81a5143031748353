/** Parses the metadata of a file from the lines that ffmpeg prints after opening it. Pure.
 *
 *  These are claims: the author of a file can forge such lines (a newline in a tag is enough), so they decide only what is
 *  shown and which audio stream is used. The first match of each field wins, and every pattern is narrow.
 */
export interface AudioClaims {
  /** null when the container does not state it. */
  readonly durationSec: number | null;
  /** ffmpeg's name, like `mp3` or `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container: string;
  readonly codec: string;
  readonly channels: number | null;
  readonly sampleRateHz: number | null;
}

/** With the choice of the stream to decode. */
export interface StreamClaims extends AudioClaims {
  /** Number of the stream to decode among the audio streams, from 0: the first one marked as default, else the first. */
  readonly audioStream: number;
  /** Number of audio streams. */
  readonly audioStreams: number;
}

interface AudioStream {
  readonly codec: string;
  readonly sampleRateHz: number | null;
  readonly channels: number | null;
  readonly isDefault: boolean;
}

/** Further streams are not counted. */
const streamsMax = 64;

/** Layouts whose names contain no number of channels, unlike "5.1(side)" and "7 channels". */
const namedLayouts: Readonly<Record<string, number>> = {
  mono: 1,
  stereo: 2,
  downmix: 2,
  quad: 4,
  hexagonal: 6,
  octagonal: 8,
};

export class ClaimsReader {
  #container: string | null = null;
  #durationSec: number | null = null;
  readonly #streams: AudioStream[] = [];
  #complete = false;

  /** @param line of ffmpeg's stderr at level info
   *  @returns whether the description of the input has ended */
  read(line: string): boolean {
    if (this.#complete) return true;
    if (this.#container === null) {
      this.#container = /^\[info\] Input #0, ([\w,]{1,60}), from /.exec(line)?.[1] ?? null;
    } else if (/^\[info\] (Stream mapping:|Output #0)/.test(line)) {
      this.#complete = true;
    } else {
      this.#durationSec ??= readDuration(line);
      const stream = this.#streams.length < streamsMax ? readAudio(line) : null;
      if (stream) this.#streams.push(stream);
    }
    return this.#complete;
  }

  get claims(): StreamClaims {
    const audioStream = Math.max(
      this.#streams.findIndex(({ isDefault }) => isDefault),
      0,
    );
    const chosen = this.#streams[audioStream];
    return {
      durationSec: this.#durationSec,
      container: this.#container ?? 'unknown',
      codec: chosen?.codec ?? 'unknown',
      channels: chosen?.channels ?? null,
      sampleRateHz: chosen?.sampleRateHz ?? null,
      audioStream,
      audioStreams: this.#streams.length,
    };
  }
}

function readDuration(line: string): number | null {
  const [, hours, minutes, seconds] = /^\[info\] {3}Duration: (\d+):(\d\d):(\d\d\.\d+),/.exec(line) ?? [];
  return hours === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function readAudio(line: string): AudioStream | null {
  const [, codec, rate, layout] =
    /^\[info\] {3}Stream #0:\d+\S*: Audio: (\w{1,30})[^,]*, (?:(\d+) Hz, )?([^,]{1,40})/.exec(line) ?? [];
  if (codec === undefined) return null;
  return {
    codec,
    sampleRateHz: rate === undefined ? null : Number(rate),
    channels: channelsOf(layout ?? ''),
    isDefault: line.includes(' (default)'),
  };
}

function channelsOf(layout: string): number | null {
  const name = layout.trim();
  if (namedLayouts[name] !== undefined) return namedLayouts[name];
  const counted = /^(\d+) channels/.exec(name)?.[1];
  if (counted !== undefined) return Number(counted);
  const [, main, low] = /^(\d+)\.(\d+)/.exec(name) ?? [];
  return main === undefined ? null : Number(main) + Number(low);
}
