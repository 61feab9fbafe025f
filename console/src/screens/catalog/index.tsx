// The catalogue of the installation: what each route needs, which resources there are, and files that say so.
import './catalog.css';
import { Tabs } from '@mantine/core';
import { useLocation, useNavigate } from 'react-router-dom';
import { Page } from '@/parts/Page';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { ImportTab } from './Import';
import { ResourcesTab } from './Resources';
import { RoutesTab } from './Routes';
import { ServicesTab } from './Services';

const TABS = { routes: RoutesTab, resources: ResourcesTab, services: ServicesTab, import: ImportTab };
type Tab = keyof typeof TABS;

export default function Catalog() {
  const t = useText('catalog');
  const session = useSession();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const wanted = pathname.split('/')[2] ?? '';
  const tabs = (Object.keys(TABS) as Tab[]).filter((tab) => tab !== 'import' || session.may('installation'));
  const tab = tabs.find((one) => one === wanted) ?? 'routes';
  const Body = TABS[tab];
  return (
    <Page title={t('title')} lead={t('lead')}>
      <Tabs value={tab} onChange={(next) => navigate(next === 'routes' ? '/catalog' : `/catalog/${next}`)}>
        <Tabs.List mb="lg">
          {tabs.map((one) => <Tabs.Tab key={one} value={one}>{t(`tab_${one}`)}</Tabs.Tab>)}
        </Tabs.List>
        {tabs.map((one) => <Tabs.Panel key={one} value={one}>{one === tab && <Body />}</Tabs.Panel>)}
      </Tabs>
    </Page>
  );
}
