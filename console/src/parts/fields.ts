// Which field an error belongs to, by its code: it then stands beside the field, not above the buttons.
import { ApiError } from '@/api/problem';

/** What can be wrong with a text that people read: a name, a label. */
export const TEXT_FAULTS = ['records.text_empty', 'records.text_long', 'records.text_not_utf8', 'records.text_outer_space', 'records.text_unfit'] as const;
export const ADDRESS_FAULTS = ['records.address', 'records.too_many_addresses'] as const;
export const PASSWORD_FAULTS = ['login.password_not_text', 'login.password_short', 'login.password_long', 'login.password_common', 'login.password_is_email'] as const;

/** A code that ends in `*` stands for all that begin like it. */
const isOf = (code: string, known: string) => (known.endsWith('*') ? code.startsWith(known.slice(0, -1)) : code === known);

export function fieldErrors<F extends string>(error: unknown, fields: Record<F, readonly string[]>): { at: Partial<Record<F, string>>; rest: unknown } {
  if (error instanceof ApiError) {
    for (const [field, codes] of Object.entries(fields) as [F, readonly string[]][]) {
      if (codes.some((known) => isOf(error.code, known))) return { at: { [field]: error.detail } as Partial<Record<F, string>>, rest: null };
    }
  }
  return { at: {}, rest: error };
}
