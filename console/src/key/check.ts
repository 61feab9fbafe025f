// What a credential's text says about itself: the keeper's own C code, in the page. Nothing is sent anywhere.
import url from './key.wasm?url';

export type Verdict = 'none' | 'valid' | 'foreign' | 'wrong';

export interface Finding {
  verdict: Verdict;
  /** As in the list of causes. */
  cause: string;
  /** As in locale/{lang}/hint.json; empty for none. */
  hint: string;
  field: 'none' | 'appKey' | 'appToken' | 'both';
  /** Characters, counted from 1. */
  positions: number[];
  wrongCount: number;
  length: number;
  /** 0: no fixed length. */
  expected: number;
}

interface Module {
  memory: WebAssembly.Memory;
  input(): number;
  field_max(): number;
  wipe(): void;
  check(what: number, appKey: number, appToken: number, prefix: number): number;
  cause_name(cause: number): number;
  hint_name(hint: number): number;
}

const VERDICTS: Verdict[] = ['none', 'valid', 'foreign', 'wrong'];
const FIELDS: Finding['field'][] = ['none', 'appKey', 'appToken', 'both'];
const WHAT = { pair: 0, appKey: 1, appToken: 2 } as const;
/* verdict, cause, hint, field, length, expected, wrong_count, positions_count, positions[] */
const HEAD = 8;

export interface Checker {
  check(what: keyof typeof WHAT, texts: { appKey?: string; appToken?: string; prefix: string }): Finding;
}

export async function loadChecker(): Promise<Checker> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer());
  const module = instance.exports as unknown as Module;
  const max = module.field_max();

  /** Into the module's memory; the number of bytes, or -1 for a field that is not there. */
  const put = (text: string | undefined, at: number): number => {
    if (text === undefined) return -1;
    const bytes = new TextEncoder().encode(text).subarray(0, max);
    new Uint8Array(module.memory.buffer).set(bytes, at);
    return bytes.length;
  };
  const word = (at: number): string => {
    const bytes = new Uint8Array(module.memory.buffer);
    let end = at;
    while (bytes[end] !== 0) end++;
    return new TextDecoder().decode(bytes.subarray(at, end));
  };

  return {
    check(what, { appKey, appToken, prefix }) {
      const input = module.input();
      const at = module.check(WHAT[what], put(appKey, input), put(appToken, input + max), put(prefix, input + 2 * max));
      module.wipe();
      const cell = (index: number) => new DataView(module.memory.buffer).getInt32(at + 4 * index, true);
      const hint = word(module.hint_name(cell(2)));
      return {
        verdict: VERDICTS[cell(0)] ?? 'none',
        cause: word(module.cause_name(cell(1))),
        hint: hint === 'none' ? '' : hint,
        field: FIELDS[cell(3)] ?? 'none',
        length: cell(4),
        expected: cell(5),
        wrongCount: cell(6),
        positions: Array.from({ length: cell(7) }, (_, index) => cell(HEAD + index)),
      };
    },
  };
}
