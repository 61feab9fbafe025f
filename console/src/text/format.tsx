// Dates, numbers and relative times in the reader's language.
import { Tooltip } from '@mantine/core';
import { useEffect, useReducer } from 'react';
import { type Language, useLanguage } from './text';

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

export function relative(lang: Language, then: Date, now = Date.now()): string {
  const seconds = Math.round((then.getTime() - now) / 1000);
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? (['second', 1] as const);
  return new Intl.RelativeTimeFormat(lang, { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}

export function dateTime(lang: Language, when: Date): string {
  return new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' }).format(when);
}

export function useFormat() {
  const lang = useLanguage();
  return {
    number: (value: number) => new Intl.NumberFormat(lang).format(value),
    date: (when: string | Date) => new Intl.DateTimeFormat(lang, { dateStyle: 'medium' }).format(new Date(when)),
    dateTime: (when: string | Date) => dateTime(lang, new Date(when)),
    relative: (when: string | Date) => relative(lang, new Date(when)),
    list: (items: string[]) => new Intl.ListFormat(lang, { type: 'conjunction' }).format(items),
  };
}

/** "3 hours ago"; the exact time on hover and focus; keeps itself fresh. */
export function Ago({ at }: { at: string }) {
  const lang = useLanguage();
  const [, tick] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const timer = setInterval(tick, 30_000);
    return () => clearInterval(timer);
  }, []);
  const when = new Date(at);
  return (
    <Tooltip label={dateTime(lang, when)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at}>{relative(lang, when)}</time>
    </Tooltip>
  );
}
