// Keys of other accounts that are linked in this one: here they are a name and what they may do.
import { Button } from '@mantine/core';
import { useCallback, useState } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import { api, data } from '@/api/client';
import { useChange, useList } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { CopyIcon } from '@/parts/Copy';
import { DataTable } from '@/parts/DataTable';
import { Icon } from '@/parts/icons';
import { Page, Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useDeed } from '@/parts/useDeed';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { keyReads } from './data';
import { LinkDialog } from './LinkDialog';
import { type Key, linksIn } from './model';
import { Tabs } from './Tabs';

/** Taking an external key off is taking all its links off. */
function Remove({ item, onClose }: { item: Key; onClose: () => void }) {
  const t = useText('keys');
  const { account } = useSession();
  const remove = useChange(
    async () => {
      for (const link of linksIn(item, account)) {
        await data(api.DELETE('/v1/keys/{appKey}/links/{profile}', { params: { path: { appKey: item.appKey, profile: link.id } } }));
      }
    },
    {
      makesOld: keyReads(item.appKey),
      onDone: () => {
        toast(t('external_removed'));
        onClose();
      },
    },
  );
  return (
    <Confirm title={t('external_remove')} action={t('external_remove')} danger isBusy={remove.isBusy} error={remove.error} onConfirm={() => void remove.run(undefined)} onClose={onClose}>
      {t('external_remove_detail', { appKey: item.appKey })}
    </Confirm>
  );
}

export function ExternalList() {
  const t = useText('keys');
  const { account, may } = useSession();
  const [params, setParams] = useSearchParams();
  const q = params.get('q') ?? '';
  const [dialog, setDialog] = useState<{ remove?: Key; link?: string } | undefined>();
  useDeed({ add: may('keys.edit') && (() => setDialog({ link: '' })) });
  const search = useCallback((text: string) => setParams(text ? { view: 'external', q: text } : { view: 'external' }, { replace: true }), [setParams]);
  const list = useList<Key>(['keys', account, 'external', q], (cursor) =>
    data(api.GET('/v1/keys', { params: { query: { account, external: true, sort: 'newest', q: q || undefined, cursor } } })),
  );
  const edits = may('keys.edit');
  const add = edits && <Button leftSection={<Icon name="plus" />} onClick={() => setDialog({ link: '' })}>{t('external_add')}</Button>;
  return (
    <Page title={t('title')} documentTitle={t('tab_external')} lead={t('external_lead')} actions={add || undefined}>
      <Tabs at="external" />
      <div className="l-toolbar" role="search">
        <SearchField label={t('external_search')} value={q} onSearch={search} />
      </div>
      <Panel flush>
        <DataTable<Key>
          label={t('tab_external')}
          list={list}
          keyOf={(key) => key.appKey}
          empty={<EmptyState icon="external" title={q ? t('none_found') : t('external_none')}>{!q && t('external_none_detail')}</EmptyState>}
          columns={[
            {
              key: 'key',
              title: 'appKey',
              render: (key) => (
                <>
                  <span className="l-code">{key.appKey}</span> <CopyIcon text={key.appKey} what={t('copy_app_key')} />
                </>
              ),
            },
            { key: 'owner', title: t('col_account'), render: (key) => key.account },
            {
              key: 'profiles',
              title: t('col_profiles'),
              render: (key) => linksIn(key, account).map((link, index) => (
                <span key={link.id}>
                  {index > 0 && ', '}
                  <Link className="l-link" to={`/profiles/${link.id}`}>{link.name}</Link>
                </span>
              )),
            },
            ...(edits
              ? [{
                  key: 'act',
                  title: t('col_actions'),
                  quiet: true,
                  align: 'right' as const,
                  render: (key: Key) => (
                    <>
                      <Button variant="subtle" size="compact-sm" onClick={() => setDialog({ link: key.appKey })}>{t('link')}</Button>{' '}
                      <Button variant="subtle" color="red" size="compact-sm" onClick={() => setDialog({ remove: key })}>{t('external_remove_short')}</Button>
                    </>
                  ),
                }]
              : []),
          ]}
        />
      </Panel>
      {dialog?.remove && <Remove item={dialog.remove} onClose={() => setDialog(undefined)} />}
      {dialog?.link !== undefined && <LinkDialog appKey={dialog.link || undefined} linked={[]} onClose={() => setDialog(undefined)} />}
    </Page>
  );
}
