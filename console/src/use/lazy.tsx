// How keys are used, for the screens that show it: loaded apart, with texts of its own.
import { type ComponentType, createElement, lazy, Suspense } from 'react';
import { loadTexts } from '@/text/text';

function part<P extends object>(load: () => Promise<{ default: ComponentType<P> }>) {
  const Part = lazy(async () => {
    const [module] = await Promise.all([load(), loadTexts('use')]);
    return module;
  });
  return (props: P) => (
    <Suspense fallback={null}>
      {createElement(Part as unknown as ComponentType<P>, props)}
    </Suspense>
  );
}

/** Of one key: a panel of its page. */
export const KeyUse = part(() => import('./KeyUse'));
/** Of one key: before it is revoked, or a token of it is deleted. */
export const Known = part(() => import('./Known'));
/** Of the account: a panel of the first page. */
export const Traffic = part(() => import('./Traffic'));
export const Refusals = part(() => import('./Refusals'));
