// Services: which hosts and base path their routes lie below, and how strictly their paths are read.
import { api, data } from '@/api/client';
import { useList } from '@/api/hooks';
import { DataTable } from '@/parts/DataTable';
import { Panel } from '@/parts/Page';
import { EmptyState, Mark } from '@/parts/States';
import { useText } from '@/text/text';
import type { Service } from './catalog';

export function ServicesTab() {
  const t = useText('catalog');
  const list = useList<Service>(['services', 'list'], (cursor) => data(api.GET('/v1/services', { params: { query: { cursor } } })));
  return (
    <Panel flush>
      <DataTable<Service>
        label={t('tab_services')}
        list={list}
        keyOf={(service) => service.id}
        empty={<EmptyState icon="catalog" title={t('no_services')}>{t('no_routes_why')}</EmptyState>}
        columns={[
          { key: 'name', title: t('service'), render: (service) => service.name },
          { key: 'hosts', title: t('hosts'), render: (service) => (service.hosts.length > 0 ? <code>{service.hosts.join(', ')}</code> : t('any_host')) },
          { key: 'base', title: t('base_path'), render: (service) => <code>{service.basePath || '/'}</code> },
          { key: 'unmapped', title: t('unmapped'), render: (service) => <Mark tone={service.unmapped === 'refuse' ? 'good' : 'warn'}>{t(`unmapped_${service.unmapped}`)}</Mark> },
          { key: 'preflight', title: t('preflight'), render: (service) => t(`preflight_${service.preflight}`) },
        ]}
      />
    </Panel>
  );
}
