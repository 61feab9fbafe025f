// The report of an import: what it would add, change and remove, where documents disagree, what nobody says.
import { Text } from '@mantine/core';
import { Panel } from '@/parts/Page';
import { Mark } from '@/parts/States';
import { useText } from '@/text/text';
import type { Report } from './catalog';
import { NeedText } from './Need';

const MOST = 300;
const TONES = { added: 'good', changed: 'warn', removed: 'bad', noted: 'neutral' } as const;

export function Differences({ report }: { report: Report }) {
  const t = useText('catalog');
  const { conflicts, undecided, ambiguous, diff } = report;
  const rest = (count: number) => count > MOST && <Text size="sm" c="dimmed" p="sm">{t('and_more', { count: count - MOST })}</Text>;
  return (
    <>
      {conflicts.length > 0 && (
        <Panel title={t('conflicts')} lead={t('conflicts_lead')} flush>
          <table className="l-table" aria-label={t('conflicts')}>
            <thead>
              <tr>
                <th scope="col">{t('route')}</th>
                <th scope="col">{t('there')}</th>
                <th scope="col">{t('incoming')}</th>
                <th scope="col">{t('result')}</th>
              </tr>
            </thead>
            <tbody>
              {conflicts.slice(0, MOST).map((one, index) => (
                <tr key={index}>
                  <td data-title={t('route')}><code>{one.method ? `${one.method} ${one.path}` : one.name}</code></td>
                  <td data-title={t('there')}><div><NeedText need={one.there} /><Text size="xs" c="dimmed">{one.thereSources}</Text></div></td>
                  <td data-title={t('incoming')}><div><NeedText need={one.incoming} /><Text size="xs" c="dimmed">{one.incomingSources}</Text></div></td>
                  <td data-title={t('result')}><NeedText need={one.result} /></td>
                </tr>
              ))}
            </tbody>
          </table>
          {rest(conflicts.length)}
        </Panel>
      )}
      {undecided.length > 0 && (
        <Panel title={t('undecided', { count: undecided.length })} lead={t('undecided_lead')} flush>
          <table className="l-table" aria-label={t('undecided', { count: undecided.length })}>
            <thead>
              <tr>
                <th scope="col">{t('route')}</th>
                <th scope="col">{t('why')}</th>
              </tr>
            </thead>
            <tbody>
              {undecided.slice(0, MOST).map((one, index) => (
                <tr key={index}>
                  <td data-title={t('route')}><code>{one.method} {one.path}</code></td>
                  <td data-title={t('why')}>{one.detail}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {rest(undecided.length)}
        </Panel>
      )}
      {ambiguous.length > 0 && (
        <Panel title={t('ambiguous', { count: ambiguous.length })} lead={t('ambiguous_lead')} flush>
          <table className="l-table" aria-label={t('ambiguous', { count: ambiguous.length })}>
            <thead>
              <tr>
                <th scope="col">{t('example')}</th>
                <th scope="col">{t('claim')}</th>
                <th scope="col">{t('claim_other')}</th>
              </tr>
            </thead>
            <tbody>
              {ambiguous.slice(0, MOST).map((one, index) => (
                <tr key={index}>
                  <td data-title={t('example')}><code>{one.method} {one.path}</code></td>
                  <td data-title={t('claim')}><div><code>{one.route.path}</code> <NeedText need={one.route.needs} /></div></td>
                  <td data-title={t('claim_other')}><div><code>{one.otherRoute.path}</code> <NeedText need={one.otherRoute.needs} /></div></td>
                </tr>
              ))}
            </tbody>
          </table>
          {rest(ambiguous.length)}
        </Panel>
      )}
      {diff.length > 0 && (
        <Panel title={t('diff')} flush>
          <table className="l-table" aria-label={t('diff')}>
            <thead>
              <tr>
                <th scope="col">{t('change')}</th>
                <th scope="col">{t('of_what')}</th>
                <th scope="col">{t('before')}</th>
                <th scope="col">{t('after')}</th>
              </tr>
            </thead>
            <tbody>
              {diff.slice(0, MOST).map((one, index) => (
                <tr key={index}>
                  <td data-title={t('change')}><Mark tone={TONES[one.change]}>{t(`change_${one.change}`)}</Mark></td>
                  <td data-title={t('of_what')}><div><Text size="xs" c="dimmed">{t(`kind_${one.kind}`)}</Text><code>{one.kind === 'route' ? `${one.method} ${one.path}` : one.kind === 'resource' ? `${one.product}/${one.key}` : one.name}</code></div></td>
                  <td data-title={t('before')}>{one.before && <NeedText need={one.before} />}</td>
                  <td data-title={t('after')}>{one.after && <NeedText need={one.after} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {rest(diff.length)}
        </Panel>
      )}
    </>
  );
}
