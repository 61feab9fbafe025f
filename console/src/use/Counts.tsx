// Requests by hour or day, and why those were refused that were: as bars, and as a table for who reads that better.
import './use.css';
import { Button, SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import { ErrorState, LoadingState } from '@/parts/States';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { type Of, type Step, type Sum, useCauseText, useCounts } from './read';

function useWhen(step: Step): (at: string) => string {
  const format = useFormat();
  return step === 'hour' ? format.dateTime : format.date;
}

function Bars({ sums, step, label }: { sums: Sum[]; step: Step; label: string }) {
  const when = useWhen(step);
  const most = Math.max(1, ...sums.map((sum) => sum.allowed + sum.refused));
  const height = (count: number) => (count === 0 ? 0 : `max(2px, ${(count / most) * 100}%)`);
  return (
    <>
      <div className="l-bars" role="img" aria-label={label}>
        {sums.map((sum) => (
          <span key={sum.at} title={`${when(sum.at)}: ${sum.allowed} / ${sum.refused}`}>
            <i data-refused style={{ height: height(sum.refused) }} />
            <i style={{ height: height(sum.allowed) }} />
          </span>
        ))}
      </div>
      <div className="l-bars-ends" aria-hidden>
        <span>{when(sums[0]!.at)}</span>
        <span>{when(sums.at(-1)!.at)}</span>
      </div>
    </>
  );
}

function Table({ sums, step, label }: { sums: Sum[]; step: Step; label: string }) {
  const t = useText('use');
  const when = useWhen(step);
  const format = useFormat();
  return (
    <table className="l-table" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{t('time')}</th>
          <th scope="col" data-align="right">{t('allowed')}</th>
          <th scope="col" data-align="right">{t('refused')}</th>
        </tr>
      </thead>
      <tbody>
        {sums.filter((sum) => sum.allowed + sum.refused > 0).map((sum) => (
          <tr key={sum.at}>
            <td data-title={t('time')}>{when(sum.at)}</td>
            <td data-align="right" data-title={t('allowed')}>{format.number(sum.allowed)}</td>
            <td data-align="right" data-title={t('refused')}>{format.number(sum.refused)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Counts({ of }: { of: Of }) {
  const t = useText('use');
  const format = useFormat();
  const causeText = useCauseText();
  const [step, setStep] = useState<Step>('hour');
  const [isTable, setTable] = useState(false);
  const read = useCounts(of, step);
  const label = t(`chart_${step}`);
  const choice = <SegmentedControl size="xs" aria-label={t('window')} value={step} onChange={(value) => setStep(value as Step)} data={(['hour', 'day'] as const).map((value) => ({ value, label: t(`window_${value}`) }))} />;
  if (!read.data) return read.error ? <ErrorState error={read.error} onRetry={() => void read.refetch()} /> : <LoadingState />;
  const { allowed, refused, sums, causes, since } = read.data;
  if (allowed + refused === 0) return <>{choice}<Text size="sm" c="dimmed" mt="xs">{t('none')} {since && t('counted_since', { when: format.dateTime(since) })}</Text></>;
  return (
    <>
      {choice}{' '}
      <Button variant="subtle" size="compact-xs" aria-pressed={isTable} onClick={() => setTable(!isTable)}>{t('as_table')}</Button>
      <p>
        <span className="l-key-of">{t('sum_allowed', { count: allowed, number: format.number(allowed) })}</span>
        <span className="l-key-of" data-refused>{t('sum_refused', { count: refused, number: format.number(refused) })}</span>
      </p>
      {isTable ? <Table sums={sums} step={step} label={label} /> : <Bars sums={sums} step={step} label={`${label}: ${t('sum_allowed', { count: allowed, number: format.number(allowed) })}, ${t('sum_refused', { count: refused, number: format.number(refused) })}`} />}
      {causes.length > 0 && (
        <>
          <Text component="h3" size="sm" fw={600} mt="md" mb={2}>{t('causes')}</Text>
          <table className="l-table" aria-label={t('causes')}>
            <thead>
              <tr>
                <th scope="col">{t('cause')}</th>
                <th scope="col" data-align="right">{t('refused')}</th>
              </tr>
            </thead>
            <tbody>
              {causes.map((item) => (
                <tr key={item.cause}>
                  <td data-title={t('cause')}>{causeText(item.cause)}</td>
                  <td data-align="right" data-title={t('refused')}>{format.number(item.refused)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}
