/** Numbers, times and names of the administration in the language of the page. */
import { useMemo } from 'react';
import type { Texts } from '../../texts/texts.ts';
import { useTexts } from '../page-context.ts';

export function useFormats() {
  const texts = useTexts();
  return useMemo(() => formatsOf(texts), [texts]);
}

function formatsOf({ language, amounts, page }: Texts) {
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  const { chunk, track } = page.admin.clusters;
  const { job } = page.admin;
  return {
    ...amounts,
    at: (iso: string): string => date.format(new Date(iso)),
    percent: (share: number): string => percent.format(share),
    chunks: (count: number): string => amounts.count(count, chunk[0] ?? '', chunk[1] ?? ''),
    tracks: (count: number): string => amounts.count(count, track[0] ?? '', track[1] ?? ''),
    /** 3 hours ago */
    ago: (iso: string): string => {
      const minutes = (Date.now() - Date.parse(iso)) / 60_000;
      if (minutes < 60) return relative.format(-Math.round(minutes), 'minute');
      if (minutes < 48 * 60) return relative.format(-Math.round(minutes / 60), 'hour');
      return relative.format(-Math.round(minutes / 1440), 'day');
    },
    /** Of an API key, of Discord, or the schedule. */
    who: (by: string | null): string => {
      if (by === null) return job.schedule;
      if (by === 'web:local') return job.local;
      return by.startsWith('web:') ? job.key(by.slice('web:'.length)) : job.discord;
    },
  };
}
