// What happened since the page was read: asked for every few seconds while somebody looks.
import { useEffect, useState } from 'react';
import { isAttended } from '@/api/attended';
import { page, type Query, type Row } from './events';

const EVERY_MS = 3000;
const KEPT = 500;

/** Events beyond revision `from`, newest first; none while it is off. */
export function useTail(query: Query, from: number | undefined, isOn: boolean): Row[] {
  const [rows, setRows] = useState<Row[]>([]);
  const key = JSON.stringify(query);
  useEffect(() => {
    setRows([]);
    if (!isOn || from === undefined) return;
    let cursor = String(from);
    let timer: ReturnType<typeof setTimeout>;
    let ended = false;
    const look = async () => {
      try {
        if (!document.hidden && isAttended()) {
          const { items, next, revision } = await page(JSON.parse(key) as Query, 'asc', cursor, 200);
          if (ended) return;
          cursor = next ?? String(Math.max(revision, Number(cursor)));
          if (items.length > 0) setRows((before) => [...items.reverse(), ...before].slice(0, KEPT));
        }
      } catch {
        // The banner says that the keeper is away; the next look may find it again.
      }
      if (!ended) timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [key, from, isOn]);
  return rows;
}
