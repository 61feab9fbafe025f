// Why a request was, is or would be refused, and what to do about it.
import './diagnose.css';
import { Button, Group, Text } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router-dom';
import { useRead } from '@/api/hooks';
import { Icon } from '@/parts/icons';
import { Facts, Page, Panel } from '@/parts/Page';
import { LoadingState, Mark } from '@/parts/States';
import { useFormat } from '@/text/format';
import { useLanguage, useText } from '@/text/text';
import { Refusals } from '@/use/lazy';
import { Ask, type Way } from './Ask';
import { type Attempt, attemptOf, codeIn, explainCode, type Explanation, tryRequest } from './ask';
import { Fixes } from './Fixes';
import { Picture } from './Picture';
import { Recheck } from './Recheck';
import { Reply } from './Reply';

const FIELDS = ['appKey', 'method', 'path', 'host', 'address', 'account'] as const;

/** The question stands in the address, so that it can be sent to a colleague: #CODE, or ?appKey=&method=&path=. */
function useQuestion() {
  const location = useLocation();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const code = codeIn(decodeURIComponent(location.hash.slice(1)));
  const attempt = useMemo(() => {
    const read = (name: (typeof FIELDS)[number]) => search.get(name) ?? '';
    return { appKey: read('appKey'), method: read('method') || 'GET', path: read('path'), host: read('host'), address: read('address'), account: read('account') };
  }, [search]);
  const isWhole = Boolean(attempt.appKey && attempt.path);
  const way: Way = search.has('way') || search.has('appKey') ? (search.get('way') === 'code' ? 'code' : 'request') : 'code';
  const go = useCallback((query: Record<string, string>, hash = '') => navigate({ search: `?${new URLSearchParams(query)}`.replace(/^\?$/, ''), hash }), [navigate]);
  return {
    code: way === 'code' ? code : '',
    attempt,
    isWhole: way === 'request' && isWhole,
    way,
    setWay: (next: Way) => go(next === 'code' ? {} : { way: 'request' }),
    setCode: (next: string) => go({}, `#${next}`),
    setAttempt: (next: Attempt) => go(Object.fromEntries(FIELDS.flatMap((name) => (next[name] ? [[name, next[name]!]] : [])))),
  };
}

export default function Diagnose() {
  const t = useText('diagnose');
  const lang = useLanguage();
  const question = useQuestion();
  const { code, attempt, isWhole } = question;
  const asked = code !== '' || isWhole;
  const answer = useRead<Explanation>(['diagnose', code, isWhole && attempt, lang], () => (code ? explainCode(code, lang) : tryRequest(attempt)), { enabled: asked });
  return (
    <Page title={t('title')} lead={t('lead')}>
      <Panel>
        <Ask key={question.way} way={question.way} onWay={question.setWay} code={code} attempt={attempt} isBusy={asked && answer.isFetching} error={asked ? answer.error : undefined} onCode={question.setCode} onAttempt={question.setAttempt} />
      </Panel>
      {!asked && <Refusals />}
      {asked && answer.isLoading && <LoadingState />}
      {asked && answer.data && <Answer key={code || JSON.stringify(attempt)} explanation={answer.data} attempt={code ? attemptOf(answer.data) : attempt} isPast={code !== ''} onReload={() => void answer.refetch()} />}
    </Page>
  );
}

interface AnswerProps {
  explanation: Explanation;
  attempt: Attempt | undefined;
  /** Of a request that was; otherwise of one that was tried just now. */
  isPast: boolean;
  onReload: () => void;
}

function Answer({ explanation, attempt, isPast, onReload }: AnswerProps) {
  const t = useText('diagnose');
  const [watching, setWatching] = useState(false);
  const now = useRead<Explanation>(['can', attempt], () => tryRequest(attempt!), { enabled: false });
  const [passed, setPassed] = useState(false);
  const onPassed = useCallback(() => setPassed(true), []);
  const isFixed = watching && (passed || now.data?.allowed === true);
  useEffect(() => {
    if (isFixed && !isPast) onReload();
  }, [isFixed, isPast, onReload]);
  const refused = !explanation.allowed;
  return (
    <>
      <Verdict explanation={explanation} isFixed={isFixed} />
      <div className="l-diagnosis">
        <div>
          <Panel title={t('steps')}>
            <Picture steps={isFixed && now.data?.allowed ? now.data.steps : explanation.steps} />
          </Panel>
        </div>
        <div>
          {refused && explanation.fixes.length > 0 && !isFixed && (
            <Panel title={t('fixes')}>
              <Fixes explanation={explanation} onDone={() => setWatching(true)} />
            </Panel>
          )}
          {attempt && (refused || !isPast) && <Recheck attempt={attempt} cause={explanation.cause} watching={watching} onWatch={setWatching} onPassed={onPassed} />}
          {refused && <Reply explanation={explanation} isFixed={isFixed} />}
          <About explanation={explanation} />
        </div>
      </div>
    </>
  );
}

function Verdict({ explanation, isFixed }: { explanation: Explanation; isFixed: boolean }) {
  const t = useText('diagnose');
  const good = explanation.allowed || isFixed;
  return (
    <Panel>
      <Group gap="sm" wrap="nowrap" align="flex-start" role="status">
        <span className="l-verdict" data-good={good || undefined}><Icon name={good ? 'check' : 'close'} size={20} /></span>
        <div style={{ minWidth: 0 }}>
          <Text fw={600} size="lg" component="h2" m={0}>{isFixed ? t('fixed_title') : explanation.allowed ? t('allowed_title') : explanation.title}</Text>
          <Text size="sm" mt={2}>{isFixed ? t('fixed_meaning') : explanation.allowed ? t('allowed_meaning') : explanation.meaning}</Text>
          {explanation.method && <Text size="sm" mt={6} className="l-request">{explanation.method} {explanation.path}</Text>}
        </div>
      </Group>
      {explanation.cause && (
        <Group gap="xs" mt="sm">
          <Mark tone={good ? 'neutral' : 'bad'}>HTTP {explanation.status}</Mark>
          <Mark>{explanation.cause}</Mark>
          <Button component="a" href={`/causes/${explanation.cause}`} target="_blank" rel="noreferrer" size="compact-xs" variant="subtle" rightSection={<Icon name="external" size={12} />}>{t('cause_page')}</Button>
        </Group>
      )}
    </Panel>
  );
}

function About({ explanation }: { explanation: Explanation }) {
  const t = useText('diagnose');
  const format = useFormat();
  const { history } = explanation;
  const items: [string, string][] = [[t('when'), format.dateTime(explanation.at)]];
  const add = (name: string, value: string | undefined | null) => value && items.push([t(name), value]);
  add('key', history ? `${history.label} · ${history.appKey}` : explanation.appKey);
  add('key_state', history && t(`state_${history.state}`));
  add('account', explanation.account ?? history?.account);
  add('expires', history?.expiresAt && format.dateTime(history.expiresAt));
  add('deactivated', history?.deactivatedAt && `${format.dateTime(history.deactivatedAt)} · ${history.deactivatedBy ?? ''}`);
  add('revoked', history?.revokedAt && `${format.dateTime(history.revokedAt)} · ${history.revokedBy ?? ''} · ${t(`reason_${history.reason ?? 'other'}`)}`);
  const retired = history?.tokens.find((token) => token.retiredAt);
  add('retired', retired?.retiredAt && `${format.dateTime(retired.retiredAt)} · ${retired.retiredBy ?? ''}`);
  add('host', explanation.host);
  add('address', explanation.address);
  add('node', explanation.node);
  add('request_id', explanation.requestId);
  return (
    <Panel title={t('about')}>
      <Facts items={items} />
    </Panel>
  );
}
