// The page's one Trusted Types policy: Mantine writes style sheets through innerHTML, which hold no '<'; nothing else
// may. Must run before anything renders.
import { setNonce } from 'get-nonce';

const refuse = () => {
  throw new TypeError('script text is not allowed here');
};

interface PolicyFactory {
  createPolicy(name: string, rules: { createHTML: (text: string) => string; createScript: () => string; createScriptURL: () => string }): unknown;
}

const factory = (window as { trustedTypes?: PolicyFactory }).trustedTypes;
factory?.createPolicy('default', {
  createHTML: (text) => {
    if (text.includes('<')) throw new TypeError('markup as text is not allowed here');
    return text;
  },
  createScript: refuse,
  createScriptURL: refuse,
});

export const nonce = document.querySelector<HTMLMetaElement>('meta[name="nonce"]')?.content ?? '';
// For the style element of the scroll lock behind dialogs.
setNonce(nonce);
