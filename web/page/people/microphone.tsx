/** Records ten seconds of what plays in the room. Browsers give a microphone only to pages over HTTPS, or on this machine. */
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { formatTime } from '../../../src/format.ts';
import type { Question } from '../api/client.ts';
import { useTexts } from '../parts/page-context.ts';

const recordSec = 10;
/** Enough for one window, with what a slow start of the microphone takes. */
const spareSec = 1;
/** Share of full scale, below which a room counts as quiet. */
const quietBelow = 0.01;
const quietAfterSec = 3;

interface Recording {
  readonly stop: (asks: boolean) => void;
}

export function Microphone({ onAsk }: { onAsk: (question: Question) => void }): ReactNode {
  const { page } = useTexts();
  const texts = page.people.record;
  const [problem, setProblem] = useState<string | null>(null);
  const [state, setState] = useState<{
    readonly atSec: number;
    readonly level: number;
    readonly loudest: number;
  } | null>(null);
  const recording = useRef<Recording | null>(null);
  useEffect(() => () => recording.current?.stop(false), []);

  const start = async (): Promise<void> => {
    setProblem(null);
    // Not there at all on a page that the browser does not trust.
    if (!navigator.mediaDevices) return setProblem(texts.needsHttps);
    try {
      // As it sounds in the room: what helps a voice would remove the music.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      recording.current = record(stream, {
        onLevel: (atSec, level) =>
          setState((before) => ({ atSec, level, loudest: Math.max(before?.loudest ?? 0, level) })),
        onEnd: (file) => {
          recording.current = null;
          setState(null);
          if (file) onAsk({ kind: 'file', file });
        },
        name: texts.name,
      });
      setState({ atSec: 0, level: 0, loudest: 0 });
    } catch (error) {
      const isMissing = error instanceof DOMException && error.name === 'NotFoundError';
      setProblem(isMissing ? texts.missing : texts.refused);
    }
  };

  if (state === null)
    return (
      <Stack gap={4} align="center">
        <Button variant="light" onClick={() => void start()}>
          {texts.start}
        </Button>
        {problem && (
          <Text size="sm" className="error" role="alert" ta="center">
            {problem}
          </Text>
        )}
      </Stack>
    );
  const isQuiet = state.atSec > quietAfterSec && state.loudest < quietBelow;
  return (
    <Stack gap="xs" className="recorder">
      <Text role="status" ta="center">
        {isQuiet ? texts.quiet : texts.running(formatTime(Math.max(0, Math.ceil(recordSec - state.atSec))))}
      </Text>
      {/* Decibels from -60 to 0. */}
      <Progress
        size="lg"
        value={Math.max(0, 100 + (Math.log10(Math.max(state.level, 1e-3)) * 100) / 3)}
        transitionDuration={0}
        aria-label={texts.level}
      />
      <Group justify="center">
        <Button size="xs" onClick={() => recording.current?.stop(true)}>
          {texts.stop}
        </Button>
        <Button size="xs" variant="default" onClick={() => recording.current?.stop(false)}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

function record(
  stream: MediaStream,
  on: {
    readonly onLevel: (atSec: number, level: number) => void;
    readonly onEnd: (file: File | null) => void;
    readonly name: string;
  },
): Recording {
  const recorder = new MediaRecorder(stream);
  const context = new AudioContext();
  const meter = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(meter);
  const samples = new Float32Array(meter.fftSize);
  const blocks: Blob[] = [];
  const startedMs = performance.now();
  let asks = true;
  let frame = 0;
  const stop = (isToAsk: boolean): void => {
    if (recorder.state === 'inactive') return;
    asks = isToAsk;
    recorder.stop();
  };
  const look = (): void => {
    meter.getFloatTimeDomainData(samples);
    const atSec = (performance.now() - startedMs) / 1000;
    on.onLevel(atSec, Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length));
    if (atSec >= recordSec + spareSec) stop(true);
    else frame = requestAnimationFrame(look);
  };
  recorder.ondataavailable = ({ data }) => blocks.push(data);
  recorder.onstop = () => {
    cancelAnimationFrame(frame);
    for (const track of stream.getTracks()) track.stop();
    void context.close();
    const type = recorder.mimeType || 'audio/webm';
    const extension = /mp4/.test(type) ? 'm4a' : /ogg/.test(type) ? 'ogg' : 'webm';
    on.onEnd(asks ? new File(blocks, `${on.name}.${extension}`, { type }) : null);
  };
  recorder.start();
  look();
  return { stop };
}
