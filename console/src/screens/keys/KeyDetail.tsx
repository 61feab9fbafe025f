// One key: what calls for attention, what it may do, its tokens, where it may come from, its history.
import { Button, Group, Menu } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Link, useParams } from 'react-router-dom';
import { ApiError } from '@/api/problem';
import { CopyIcon } from '@/parts/Copy';
import { Delegation } from '@/parts/Delegation';
import { Icon } from '@/parts/icons';
import { Facts, Page, Panel } from '@/parts/Page';
import { EmptyState, ErrorState, LoadingState, Mark, Notice } from '@/parts/States';
import { useDeed } from '@/parts/useDeed';
import { useSession } from '@/session/session';
import { Ago, useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { KeyUse } from '@/use/lazy';
import { useKey } from './data';
import { RevokeDialog, type Turn, TurnDialog, UnlinkDialog } from './Dialogs';
import { History } from './History';
import { KeyEdit } from './KeyEdit';
import { LinkDialog } from './LinkDialog';
import { StateMark } from './marks';
import { ageOf, alertsOf, type Key, stateOf, type Token, tokenOf } from './model';
import { Rotate } from './Rotate';
import { CheckLink } from './Tabs';

type Detail = NonNullable<ReturnType<typeof useKey>['data']>;
type Open = { dialog: 'edit' | 'rotate' | 'revoke' | 'link' } | { dialog: 'turn'; turn: Turn } | { dialog: 'unlink'; link: Key['profiles'][number] };
type Opener = (open: Open) => void;

function Attention({ item, edits, open }: { item: Detail; edits: boolean; open: Opener }) {
  const t = useText('keys');
  const format = useFormat();
  const rows: ReactNode[] = [];
  const button = (text: string, next: Open) => <Button key={text} size="compact-sm" variant="default" onClick={() => open(next)}>{text}</Button>;
  const row = (key: string, tone: 'info' | 'warn' | 'bad', text: string, ...buttons: ReactNode[]) =>
    rows.push(
      <Notice key={key} tone={tone}>
        {text}
        {edits && buttons.length > 0 && <Group gap="xs" mt={6}>{buttons}</Group>}
      </Notice>,
    );
  if (item.state === 'revoked') row('revoked', 'bad', t('notice_revoked', { when: format.dateTime(item.revokedAt!), reason: item.reason ? t(`reason_${item.reason}`) : '–' }));
  if (item.state === 'inactive') row('inactive', 'warn', t('notice_inactive'), button(t('activate'), { dialog: 'turn', turn: 'activate' }));
  const link = item.state === 'revoked' ? null : item.handover;
  if (link && !link.openedAt) {
    const isOver = new Date(link.expiresAt).getTime() <= Date.now();
    const again = button(t(tokenOf(item, 'current') ? 'rotate' : 'first_token'), { dialog: 'rotate' });
    if (link.voidBecause && link.voidedAt) row('link', 'warn', t(`notice_link_void_${link.voidBecause}`, { when: format.dateTime(link.voidedAt) }), again);
    else if (isOver) row('link', 'warn', t('notice_link_expired'), again);
    else row('link', 'info', t('notice_link_waits', { when: format.dateTime(link.expiresAt) }));
  }
  for (const alert of alertsOf(item)) {
    if (alert === 'unlinked') row(alert, 'warn', t('notice_unlinked'), button(t('link'), { dialog: 'link' }));
    if (alert === 'token_old') row(alert, 'warn', t('notice_token_old'), !item.rotation && button(t('rotate'), { dialog: 'rotate' }));
    if (alert === 'token_very_old') row(alert, 'bad', t('notice_token_very_old'), !item.rotation && button(t('rotate'), { dialog: 'rotate' }));
    if (alert === 'expired') row(alert, 'bad', t('notice_expired', { when: format.dateTime(item.expiresAt!) }), button(t('edit'), { dialog: 'edit' }));
    if (alert === 'expiring') row(alert, 'warn', t('notice_expiring', { when: format.dateTime(item.expiresAt!) }), button(t('edit'), { dialog: 'edit' }));
    if (alert === 'rotation_open') {
      const ends = item.rotation?.endsAt;
      row(alert, 'info', ends ? t('notice_rotation_ends', { when: format.dateTime(ends) }) : t('notice_rotation'), button(t('finish'), { dialog: 'turn', turn: 'finish-rotation' }), button(t('undo'), { dialog: 'turn', turn: 'cancel-rotation' }));
    }
  }
  return rows.length > 0 ? <div className="l-stack">{rows}</div> : null;
}

function Actions({ item, open }: { item: Detail; open: Opener }) {
  const t = useText('keys');
  if (item.state === 'revoked') return null;
  const active = item.state === 'active';
  return (
    <>
      <Button variant="default" leftSection={<Icon name="edit" />} onClick={() => open({ dialog: 'edit' })}>{t('edit')}</Button>
      {!item.rotation && <Button leftSection={<Icon name="rotate" />} onClick={() => open({ dialog: 'rotate' })}>{t(tokenOf(item, 'current') ? 'rotate' : 'first_token')}</Button>}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" px="xs" aria-label={t('more_actions')}><Icon name="more" /></Button>
        </Menu.Target>
        <Menu.Dropdown>
          {item.rotation && <Menu.Item onClick={() => open({ dialog: 'turn', turn: 'finish-rotation' })}>{t('finish')}</Menu.Item>}
          {item.rotation && <Menu.Item onClick={() => open({ dialog: 'turn', turn: 'cancel-rotation' })}>{t('undo')}</Menu.Item>}
          <Menu.Item onClick={() => open({ dialog: 'turn', turn: active ? 'deactivate' : 'activate' })}>{t(active ? 'deactivate' : 'activate')}</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={() => open({ dialog: 'revoke' })}>{t('revoke')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Links({ item, edits, open }: { item: Detail; edits: boolean; open: Opener }) {
  const t = useText('keys');
  const { account, may } = useSession();
  const live = item.state !== 'revoked';
  return (
    <Panel
      flush
      title={t('col_profiles')}
      lead={t('profiles_lead')}
      actions={edits && live && <Button variant="default" size="xs" leftSection={<Icon name="link" size={14} />} onClick={() => open({ dialog: 'link' })}>{t('link')}</Button>}
    >
      {item.profiles.length === 0 ? (
        <EmptyState icon="link" title={t('links_none')}>{live && t('links_none_detail')}</EmptyState>
      ) : (
        <ul className="l-rows">
          {item.profiles.map((link) => (
            <li key={link.id}>
              <span>
                {link.account === account && may('profiles.view') ? <Link className="l-link" to={`/profiles/${link.id}`}>{link.name}</Link> : link.name}
                {link.account !== item.account && <span className="l-dim"> · {t('in_account', { account: link.account })}</span>}
              </span>
              {edits && live && <Button variant="subtle" color="gray" size="compact-sm" aria-label={t('unlink_named', { profile: link.name })} onClick={() => open({ dialog: 'unlink', link })}>{t('unlink')}</Button>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function TokenRow({ token, live }: { token: Token; live: boolean }) {
  const t = useText('keys');
  const old = live && token.kind !== 'retired' ? ageOf(token) : undefined;
  return (
    <li>
      <span>
        <Mark tone={token.kind === 'current' ? 'good' : token.kind === 'previous' ? 'info' : 'neutral'}>{t(`token_${token.kind}`)}</Mark>{' '}
        {t('token_made')} <Ago at={token.createdAt} />
        {old && <> <Mark tone={old === 'token_old' ? 'warn' : 'bad'}>{t(`alert_${old}`)}</Mark></>}
        {token.retiredAt && <span className="l-dim"> · {t(`token_ended_${token.cause ?? 'rotated'}`)} <Ago at={token.retiredAt} /></span>}
      </span>
    </li>
  );
}

const RETIRED_SHOWN = 5;

function Tokens({ item }: { item: Detail }) {
  const t = useText('keys');
  const [all, setAll] = useState(false);
  const live = item.tokens.filter((token) => token.kind !== 'retired');
  const retired = item.tokens.filter((token) => token.kind === 'retired').sort((a, b) => ((a.retiredAt ?? '') < (b.retiredAt ?? '') ? 1 : -1));
  const shown = [...live, ...(all ? retired : retired.slice(0, RETIRED_SHOWN))];
  return (
    <Panel flush title={t('tokens')} lead={t('tokens_lead')} actions={<CheckLink appKey={item.appKey} />}>
      {shown.length === 0 ? <EmptyState title={t('no_token')} /> : (
        <ul className="l-rows">{shown.map((token) => <TokenRow key={token.id} token={token} live={item.state !== 'revoked'} />)}</ul>
      )}
      {!all && retired.length > RETIRED_SHOWN && <div className="l-more"><Button variant="default" size="xs" onClick={() => setAll(true)}>{t('tokens_all', { count: retired.length })}</Button></div>}
    </Panel>
  );
}

function useLimitLines(item: Detail): string[] {
  const t = useText('keys');
  const format = useFormat();
  const all = [...(item.limitsState?.rate ?? []), ...(item.limitsState?.quota ? [item.limitsState.quota] : [])];
  return all.map((limit) => {
    const text = t('limit_line', { count: format.number(limit.count), per: t(`per_${limit.per}`) });
    return limit.remaining === undefined ? text : `${text} · ${t('limit_left', { count: format.number(limit.remaining) })}`;
  });
}

function About({ item }: { item: Detail }) {
  const t = useText('keys');
  const format = useFormat();
  const limits = useLimitLines(item);
  const lines = (texts: string[], none: string) => (texts.length === 0 ? none : texts.map((text) => <div key={text}>{text}</div>));
  return (
    <Panel title={t('about')}>
      <Facts
        items={[
          ['appKey', <><span className="l-code">{item.appKey}</span> <CopyIcon text={item.appKey} what={t('copy_app_key')} /></>],
          [t('col_state'), <StateMark key="state" item={item} />],
          [t('col_created'), format.dateTime(item.createdAt)],
          [t('expires'), item.expiresAt ? format.dateTime(item.expiresAt) : t('expires_never')],
          [t('addresses'), lines(item.addresses, t('addresses_any'))],
          [t('limits'), lines(limits, t('limits_none'))],
          [t('external_id'), item.externalId ?? '–'],
          ...(item.handover?.openedAt ? [[t('link_label'), t('notice_link_opened', { when: format.dateTime(item.handover.openedAt) })] as [ReactNode, ReactNode]] : []),
          ...(item.metadata ? [[t('metadata'), <pre key="metadata" className="l-pre" tabIndex={0}>{JSON.stringify(item.metadata, null, 2)}</pre>] as [ReactNode, ReactNode]] : []),
        ]}
      />
    </Panel>
  );
}

function Dialog({ item, open, onClose }: { item: Detail; open: Open; onClose: () => void }) {
  switch (open.dialog) {
    case 'edit':
      return <KeyEdit item={item} onClose={onClose} />;
    case 'rotate':
      return <Rotate item={item} onClose={onClose} />;
    case 'revoke':
      return <RevokeDialog item={item} onClose={onClose} />;
    case 'link':
      return <LinkDialog appKey={item.appKey} linked={item.profiles.map((link) => link.id)} onClose={onClose} />;
    case 'turn':
      return <TurnDialog item={item} turn={open.turn} onClose={onClose} />;
    case 'unlink':
      return <UnlinkDialog item={item} link={open.link} onClose={onClose} />;
  }
}

export function KeyDetail() {
  const t = useText('keys');
  const { appKey = '' } = useParams();
  const { account, may } = useSession();
  const key = useKey(appKey);
  const [open, setOpen] = useState<Open | undefined>();
  const edits = may('keys.edit');
  const live = key.data && key.data.state !== 'revoked';
  useDeed(
    {
      link: edits && live === true && (() => setOpen({ dialog: 'link' })),
      rotate: edits && live === true && !key.data?.rotation && (() => setOpen({ dialog: 'rotate' })),
      edit: edits && live === true && (() => setOpen({ dialog: 'edit' })),
    },
    key.data !== undefined,
  );
  const back = { to: '/keys', label: t('title') };
  if (!key.data) {
    const gone = key.error instanceof ApiError && key.error.status === 404;
    return (
      <Page title={appKey} back={back}>
        {gone ? <EmptyState icon="key" title={t('gone')}>{t('gone_detail')}</EmptyState> : key.error ? <ErrorState error={key.error} onRetry={() => void key.refetch()} /> : <LoadingState />}
      </Page>
    );
  }
  const item = key.data;
  const why = may('diagnose') && item.state !== 'revoked' && <Link className="l-link" to={`/diagnose?appKey=${encodeURIComponent(item.appKey)}`}>{t('diagnose')}</Link>;
  return (
    <Page title={item.label} back={back} lead={<>{t(`lead_${stateOf(item)}`)} {why}</>} actions={edits && <Actions item={item} open={setOpen} />}>
      <Attention item={item} edits={edits} open={setOpen} />
      {edits && <Delegation />}
      <div className="l-columns">
        <div>
          <Links item={item} edits={edits} open={setOpen} />
          <Tokens item={item} />
        </div>
        <About item={item} />
      </div>
      {account === item.account && <KeyUse appKey={item.appKey} />}
      {may('events.view') && <Panel flush title={t('history')}><History appKey={item.appKey} /></Panel>}
      {open && <Dialog item={item} open={open} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}
