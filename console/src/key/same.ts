// Whether a pasted appKey is the one that is meant, and if not, what sets them apart.
export type Sameness =
  | { kind: 'same' }
  /** Only spaces around or inside it, or only the case of letters. */
  | { kind: 'space' | 'case' }
  /** A few characters, counted from 1. */
  | { kind: 'typo'; positions: number[] }
  | { kind: 'other' };

const TYPOS_MAX = 4;

export function compare(pasted: string, meant: string): Sameness {
  if (pasted === meant) return { kind: 'same' };
  if (pasted.replace(/\s+/g, '') === meant) return { kind: 'space' };
  if (pasted.toLowerCase() === meant.toLowerCase()) return { kind: 'case' };
  const [mine, theirs] = [[...pasted], [...meant]];
  const positions = mine.flatMap((character, index) => (character === theirs[index] ? [] : [index + 1]));
  return mine.length === theirs.length && positions.length <= TYPOS_MAX ? { kind: 'typo', positions } : { kind: 'other' };
}
