/** Plays yours and theirs from the same place. Both run together and one of them is muted, so that switching has no gap. */

export type Side = 'yours' | 'theirs';

export interface Pair {
  /** null: its sound is no longer there. */
  readonly yours: AudioBuffer | null;
  readonly theirs: AudioBuffer;
}

export interface PlayerState {
  /** Which moment is loaded; null: none. */
  readonly momentId: string | null;
  readonly isLoading: boolean;
  readonly isPlaying: boolean;
  readonly side: Side;
  readonly hasYours: boolean;
  readonly atSec: number;
  readonly durationSec: number;
}

const silent: PlayerState = {
  ...{ momentId: null, isLoading: false, isPlaying: false, side: 'theirs', hasYours: false, atSec: 0, durationSec: 0 },
};
/** Long enough to make no click, too short to be heard as a fade. */
const switchSec = 0.005;
/** Both sources are started for one time in the future. */
const aheadSec = 0.03;

export class Player {
  #state: PlayerState = silent;
  #context: AudioContext | null = null;
  #pair: Pair | null = null;
  #gains: Readonly<Record<Side, GainNode>> | null = null;
  #sources: AudioBufferSourceNode[] = [];
  /** The context's time at which the pair's beginning was, or would have been. */
  #zeroAtSec = 0;
  #frame = 0;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly read = (): PlayerState => this.#state;

  /** Call it in a click: browsers allow no sound before one. */
  get context(): AudioContext {
    this.#context ??= new AudioContext();
    void this.#context.resume();
    return this.#context;
  }

  /** Loads a moment and plays it. A moment that is chosen meanwhile takes its place. */
  async play(momentId: string, load: (context: AudioContext) => Promise<Pair>): Promise<void> {
    const { context } = this;
    this.#silence();
    this.#pair = null;
    this.#tell({ ...silent, momentId, isLoading: true, side: this.#state.side });
    try {
      const pair = await load(context);
      if (this.#state.momentId !== momentId) return;
      this.#pair = pair;
      const durationSec = Math.max(pair.theirs.duration, pair.yours?.duration ?? 0);
      const side = pair.yours ? this.#state.side : 'theirs';
      this.#tell({ isLoading: false, hasYours: pair.yours !== null, durationSec, side });
      this.#start(0);
    } catch (error) {
      if (this.#state.momentId !== momentId) return;
      this.#tell(silent);
      throw error;
    }
  }

  toggle(): void {
    if (!this.#pair) return;
    if (this.#state.isPlaying) {
      this.#silence();
      this.#tell({ isPlaying: false });
    } else this.#start(this.#state.atSec >= this.#state.durationSec ? 0 : this.#state.atSec);
  }

  seek(sec: number): void {
    if (!this.#pair) return;
    const atSec = Math.min(Math.max(0, sec), this.#state.durationSec);
    if (this.#state.isPlaying) this.#start(atSec);
    else this.#tell({ atSec });
  }

  /** At the same place, without a gap. */
  hear(side: Side): void {
    if (!this.#pair || (side === 'yours' && !this.#pair.yours)) return;
    const at = this.#context?.currentTime ?? 0;
    for (const [name, gain] of Object.entries(this.#gains ?? {}))
      gain.gain.setTargetAtTime(name === side ? this.#level(side) : 0, at, switchSec);
    this.#tell({ side });
  }

  stop(): void {
    this.#silence();
    this.#pair = null;
    this.#tell(silent);
  }

  /** Frees the sound card; browsers allow a few contexts at once. The player can be used again. */
  close(): void {
    this.stop();
    void this.#context?.close();
    this.#context = null;
  }

  #start(atSec: number): void {
    const pair = this.#pair;
    if (!pair) return;
    this.#silence();
    const { context } = this;
    const beginSec = context.currentTime + aheadSec;
    const gains = { yours: context.createGain(), theirs: context.createGain() };
    for (const side of ['yours', 'theirs'] as const) {
      const buffer = pair[side];
      gains[side].gain.value = side === this.#state.side ? this.#level(side) : 0;
      gains[side].connect(context.destination);
      if (!buffer || atSec >= buffer.duration) continue;
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(gains[side]);
      source.start(beginSec, atSec);
      this.#sources.push(source);
    }
    this.#gains = gains;
    this.#zeroAtSec = beginSec - atSec;
    this.#tell({ isPlaying: true, atSec });
    this.#follow();
  }

  #silence(): void {
    cancelAnimationFrame(this.#frame);
    for (const source of this.#sources.splice(0)) source.stop();
    for (const gain of Object.values(this.#gains ?? {})) gain.disconnect();
    this.#gains = null;
  }

  #follow(): void {
    this.#frame = requestAnimationFrame(() => {
      const { durationSec } = this.#state;
      const atSec = Math.min(Math.max(0, this.context.currentTime - this.#zeroAtSec), durationSec);
      if (atSec >= durationSec) {
        this.#silence();
        return this.#tell({ isPlaying: false, atSec: durationSec });
      }
      this.#tell({ atSec });
      this.#follow();
    });
  }

  /** Makes the louder side as quiet as the other. */
  #level(side: Side): number {
    if (!this.#pair?.yours) return 1;
    const { yours, theirs } = { yours: loudnessOf(this.#pair.yours), theirs: loudnessOf(this.#pair.theirs) };
    const [own, other] = side === 'yours' ? [yours, theirs] : [theirs, yours];
    return own === 0 || other === 0 ? 1 : Math.min(1, other / own);
  }

  #tell(change: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

const known = new WeakMap<AudioBuffer, number>();

/** Root mean square of the first channel. */
function loudnessOf(buffer: AudioBuffer): number {
  const before = known.get(buffer);
  if (before !== undefined) return before;
  let sum = 0;
  const samples = buffer.getChannelData(0);
  for (const sample of samples) sum += sample * sample;
  const loudness = Math.sqrt(sum / Math.max(1, samples.length));
  known.set(buffer, loudness);
  return loudness;
}
