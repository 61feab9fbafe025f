// An answer to whoever runs the integration, ready to send, in their language and not in the reader's.
import { Group, SegmentedControl, Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import { api, data, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { CopyButton } from '@/parts/Copy';
import { Panel } from '@/parts/Page';
import { ErrorState, LoadingState } from '@/parts/States';
import { type Language, LANGUAGES, useLanguage, useText } from '@/text/text';
import { type Explanation, isOurs } from './ask';

type Words = Record<string, string>;
const words = import.meta.glob<Words>('../../../../locale/*/console/reply.json', { import: 'default' });
const wordsOf = (lang: Language) => words[`../../../../locale/${lang}/console/reply.json`]!();

const causeText = (cause: string, lang: Language) =>
  data(api.GET('/causes/{cause}', { params: { path: { cause }, query: { lang } }, headers: { Accept: 'application/json' } }));

const fill = (text: string | undefined, places: Record<string, string>) => (text ?? '').replace(/\{(\w+)\}/g, (whole, name: string) => places[name] ?? whole);

interface Told {
  explanation: Explanation;
  cause: Schemas['CauseText'];
  isFixed: boolean;
  lang: Language;
  words: Words;
}

/** Only what the caller may know: general texts of the cause, and its own request. */
function compose({ explanation, cause, isFixed, lang, words: w }: Told): string {
  const time = `${new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' }).format(new Date(explanation.at))} UTC`;
  const request = explanation.method && explanation.path ? `${explanation.method} ${explanation.path}` : '';
  const lines = [w.hello, '', fill(request ? w.refused : w.refused_some, { request, time, status: String(cause.status), title: cause.title })];
  if (explanation.requestId) lines.push(fill(w.request_id, { id: explanation.requestId }));
  lines.push('', cause.meaning);
  if (isFixed) {
    lines.push('', w.fixed);
  } else if (isOurs(explanation.cause)) {
    lines.push('', w.ours);
  } else {
    if (explanation.positions?.length && explanation.field && explanation.field !== 'both')
      lines.push(fill(w.positions, { field: explanation.field, positions: explanation.positions.join(', ') }));
    lines.push('', `${w.check} ${cause.check}`, `${w.fix} ${cause.fix}`, '', w.then);
  }
  lines.push('', w.never, '', w.regards);
  return lines.filter((line) => line !== undefined).join('\n');
}

export function Reply({ explanation, isFixed }: { explanation: Explanation; isFixed: boolean }) {
  const t = useText('diagnose');
  const own = useLanguage();
  const [lang, setLang] = useState<Language>(own);
  const cause = explanation.cause ?? '';
  const parts = useRead(['cause', cause, lang], () => Promise.all([causeText(cause, lang), wordsOf(lang)]));
  const text = parts.data ? compose({ explanation, cause: parts.data[0], words: parts.data[1], isFixed, lang }) : '';
  return (
    <Panel title={t('reply')} lead={t('reply_lead')}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <SegmentedControl size="xs" aria-label={t('reply_language')} value={lang} onChange={(next) => setLang(next as Language)} data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))} />
          <CopyButton text={text} />
        </Group>
        {parts.isLoading && <LoadingState />}
        {parts.error && <ErrorState error={parts.error} onRetry={() => void parts.refetch()} />}
        {text && <Textarea aria-label={t('reply')} value={text} readOnly autosize minRows={6} maxRows={18} lang={lang} />}
      </Stack>
    </Panel>
  );
}
