// Which field an error belongs to, by its code: it then stands beside the field, not above the buttons.
import { ApiError } from '@/api/problem';

export function fieldErrors<F extends string>(error: unknown, fields: Record<F, RegExp>): { at: Partial<Record<F, string>>; rest: unknown } {
  if (error instanceof ApiError) {
    for (const [field, codes] of Object.entries(fields) as [F, RegExp][]) {
      if (codes.test(error.code)) return { at: { [field]: error.detail } as Partial<Record<F, string>>, rest: null };
    }
  }
  return { at: {}, rest: error };
}
