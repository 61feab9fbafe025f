// Where I am logged in.
import { Button } from '@mantine/core';
import { useChange, useRead } from '@/api/hooks';
import { DataTable } from '@/parts/DataTable';
import { Panel } from '@/parts/Page';
import { FormError, Mark } from '@/parts/States';
import { toast } from '@/parts/toast';
import { type OwnSession, people } from '@/session/people';
import { Ago } from '@/text/format';
import { useText } from '@/text/text';

/** The browser and system that a User-Agent names, or nothing. */
function deviceOf(agent: string | null): string {
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent ?? '')?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent ?? '')?.[1];
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS' };
  return [browser, system].filter((word): word is string => !!word).map((word) => names[word] ?? word).join(', ');
}

export function Sessions() {
  const t = useText('me');
  const read = useRead(['sessions'], people.sessions);
  const end = useChange(people.endSession, { makesOld: [['sessions']] });
  const endOthers = useChange(people.endOthers, { makesOld: [['sessions']], onDone: () => toast(t('sessions_ended')) });
  const others = read.data?.items.some((session) => !session.current);
  return (
    <Panel title={t('sessions')} lead={t('sessions_lead')} flush actions={others && <Button size="xs" variant="default" loading={endOthers.isBusy} onClick={() => void endOthers.run(undefined)}>{t('sessions_end')}</Button>}>
      <FormError error={end.error ?? endOthers.error} />
      <DataTable<OwnSession>
        label={t('sessions')}
        list={{ items: read.data?.items ?? [], isLoading: read.isLoading, error: read.error, reload: () => void read.refetch() }}
        keyOf={(session) => session.id}
        empty={null}
        columns={[
          { key: 'device', title: t('device'), render: (session) => (session.kind === 'cli' ? t('device_cli') : deviceOf(session.agent) || t('device_browser')) },
          { key: 'address', title: t('address'), render: (session) => <span className="l-code">{session.address}</span> },
          { key: 'seen', title: t('seen'), render: (session) => <Ago at={session.seenAt} /> },
          {
            key: 'end',
            title: t('session_end'),
            quiet: true,
            align: 'right',
            render: (session) =>
              session.current ? <Mark tone="good">{t('session_this')}</Mark> : <Button size="compact-xs" variant="default" loading={end.isBusy} onClick={() => void end.run(session.id)}>{t('session_end')}</Button>,
          },
        ]}
      />
    </Panel>
  );
}
