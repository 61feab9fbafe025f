// Services: which hosts and base path their routes lie below, and how strictly their paths are read.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { api, data, ifMatch } from '@/api/client';
import { useChange, useList } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { DataTable } from '@/parts/DataTable';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState, Mark } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import type { Service } from './catalog';
import { deedsColumn } from './deeds';
import { ServiceDialog } from './ServiceDialog';

export function ServicesTab() {
  const t = useText('catalog');
  const mayEdit = useSession().may('installation');
  const [q, setQ] = useState('');
  const [editing, setEditing] = useState<Service | 'new'>();
  const [removing, setRemoving] = useState<Service>();
  const list = useList<Service>(['services', 'list', q], (cursor) => data(api.GET('/v1/services', { params: { query: { q: q || undefined, cursor } } })));
  const remove = useChange((service: Service) => data(api.DELETE('/v1/services/{service}', { params: { path: { service: service.name }, header: ifMatch(service) } })), {
    makesOld: [['services'], ['routes']],
    onDone: () => {
      setRemoving(undefined);
      toast(t('service_removed'));
    },
  });
  const ask = (service: Service) => {
    remove.reset();
    setRemoving(service);
  };
  return (
    <>
      <div className="l-toolbar">
        <SearchField label={t('search_services')} value={q} onSearch={setQ} />
        {mayEdit && <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => setEditing('new')}>{t('add_service')}</Button>}
      </div>
      <Panel flush>
        <DataTable<Service>
          label={t('tab_services')}
          list={list}
          keyOf={(service) => service.id}
          empty={<EmptyState icon="catalog" title={q ? t('no_service_found') : t('no_services')}>{q ? undefined : t('no_routes_why')}</EmptyState>}
          columns={[
            { key: 'name', title: t('service'), render: (service) => <Link className="l-link" to={`/catalog?service=${encodeURIComponent(service.name)}`}>{service.name}</Link> },
            { key: 'hosts', title: t('hosts'), render: (service) => (service.hosts.length > 0 ? <code>{service.hosts.join(', ')}</code> : t('any_host')) },
            { key: 'base', title: t('base_path'), render: (service) => <code>{service.basePath || '/'}</code> },
            { key: 'unmapped', title: t('unmapped'), render: (service) => <Mark tone={service.unmapped === 'refuse' ? 'good' : 'warn'}>{t(`unmapped_${service.unmapped}`)}</Mark> },
            { key: 'reading', title: t('reading'), render: (service) => <Switches service={service} /> },
            ...(mayEdit
              ? [
                  deedsColumn<Service>(
                    t('actions'),
                    { what: t('edit'), named: (service) => t('edit_service', { service: service.name }), run: setEditing },
                    { what: t('remove'), named: (service) => t('remove_service', { service: service.name }), run: ask },
                  ),
                ]
              : []),
          ]}
        />
      </Panel>
      {editing && <ServiceDialog service={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />}
      {removing && (
        <Confirm title={t('remove_service', { service: removing.name })} action={t('remove')} danger isBusy={remove.isBusy} error={remove.error} onConfirm={() => void remove.run(removing)} onClose={() => setRemoving(undefined)}>
          {t('remove_service_what')}
        </Confirm>
      )}
    </>
  );
}

/** What differs from the strict reading. */
function Switches({ service }: { service: Service }) {
  const t = useText('catalog');
  const on = [service.preflight === 'pass' && 'preflight_pass', service.semicolon === 'strip' && 'semicolon_short', service.caseInsensitive && 'case_short'].filter((name): name is string => Boolean(name));
  if (on.length === 0) return <>{t('reading_strict')}</>;
  return <span className="l-marks">{on.map((name) => <Mark key={name} tone="warn">{t(name)}</Mark>)}</span>;
}
