// A file becomes routes and resources: first what would change, then, on a button, the change.
import { Button, Checkbox, FileButton, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '@/api/hooks';
import { download } from '@/parts/download';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { FormError, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useText } from '@/text/text';
import { apply, type Document, exported, type ImportOptions, type Policy, preview, type Report, suggestion } from './catalog';
import { Differences } from './Differences';

export function ImportTab() {
  const t = useText('catalog');
  const [documents, setDocuments] = useState<Document[]>([]);
  const [service, setService] = useState('');
  const [followServers, setFollow] = useState(true);
  const [prune, setPrune] = useState(false);
  const [policy, setPolicy] = useState<Policy>('narrow');
  const [report, setReport] = useState<Report>();
  const [asked, setAsked] = useState(false);
  const options: ImportOptions = { documents, service, followServers, prune };
  const looking = useChange(async (by: Policy) => preview(options, by), { onDone: setReport });
  const applying = useChange(async () => apply(options, policy, (report?.conflicts.length ?? 0) > 0), {
    makesOld: [['routes'], ['resources'], ['services'], ['profiles']],
    onDone: (done) => {
      toast(t('imported', { count: done.added + done.changed + done.removed }));
      setReport(undefined);
      setDocuments([]);
      setAsked(false);
    },
  });
  /** What was seen is no longer what would happen. */
  const change = (make: () => void) => {
    make();
    setReport(undefined);
    applying.reset();
    looking.reset();
  };
  const add = async (files: File[]) => {
    const read = await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() })));
    change(() => setDocuments((before) => [...before.filter((one) => !read.some((other) => other.name === one.name)), ...read]));
  };
  const changes = report ? report.added + report.changed + report.removed : 0;

  return (
    <>
      <Panel title={t('import')} lead={t('import_lead')}>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            setAsked(true);
            if (documents.length > 0) void looking.run(policy);
          }}
        >
          <Stack gap="md">
            <div>
              <Group gap="sm">
                <FileButton onChange={(files) => void add(files)} accept=".json,.yaml,.yml,.tsv,.csv,application/json,application/yaml,text/*" multiple>
                  {(props) => <Button {...props} variant="default" leftSection={<Icon name="plus" />}>{t('choose_files')}</Button>}
                </FileButton>
                {documents.length === 0 && <Text size="sm" c="dimmed">{t('no_file')}</Text>}
              </Group>
              {asked && documents.length === 0 && <Text size="sm" c="var(--mantine-color-error)" role="alert" mt={4}>{t('choose_first')}</Text>}
              {documents.length > 0 && (
                <ul className="l-files">
                  {documents.map((one) => (
                    <li key={one.name}>
                      <code>{one.name}</code>
                      <Button size="compact-xs" variant="subtle" color="gray" onClick={() => change(() => setDocuments((before) => before.filter((other) => other !== one)))} aria-label={t('drop_file', { name: one.name })}>{t('remove')}</Button>
                    </li>
                  ))}
                </ul>
              )}
            </div>
            <TextInput label={t('import_service')} description={t('import_service_why')} value={service} onChange={(event) => { const { value } = event.currentTarget; change(() => setService(value)); }} maw={360} />
            <Checkbox label={t('follow_servers')} description={t('follow_servers_why')} checked={followServers} onChange={(event) => { const { checked } = event.currentTarget; change(() => setFollow(checked)); }} />
            <Checkbox label={t('prune')} description={t('prune_why')} checked={prune} onChange={(event) => { const { checked } = event.currentTarget; change(() => setPrune(checked)); }} />
            <FormError error={looking.error} />
            <Group><Button type="submit" variant={report ? 'default' : 'filled'} loading={looking.isBusy}>{t('preview')}</Button></Group>
          </Stack>
        </form>
      </Panel>

      {report && (
        <>
          <Panel title={t('would_change')} lead={t('read', { operations: report.operations, routes: report.routes, resources: report.resources })}>
            <Stack gap="md" aria-live="polite">
              <Group gap="lg">
                {(['added', 'changed', 'removed', 'unchanged'] as const).map((name) => (
                  <div key={name}>
                    <Text size="xl" fw={600}>{report[name]}</Text>
                    <Text size="sm" c="dimmed">{t(`count_${name}`)}</Text>
                  </div>
                ))}
              </Group>
              {report.conflicts.length > 0 && (
                <>
                  <Notice tone="warn">{t('conflicts_choose', { count: report.conflicts.length })}</Notice>
                  <SegmentedControl
                    aria-label={t('policy')}
                    value={policy}
                    onChange={(next) => {
                      setPolicy(next as Policy);
                      void looking.run(next as Policy);
                    }}
                    data={[{ value: 'narrow', label: t('policy_narrow') }, { value: 'widen', label: t('policy_widen') }]}
                    maw={460}
                  />
                </>
              )}
              <FormError error={applying.error} />
              <Group>
                <Button onClick={() => void applying.run(undefined)} loading={applying.isBusy} disabled={changes === 0}>{changes === 0 ? t('apply_nothing') : t('apply', { count: changes })}</Button>
              </Group>
            </Stack>
          </Panel>
          <Differences report={report} />
          {report.undecided.length > 0 && <Suggest documents={documents} service={service} onUse={(document) => void add([new File([document.text], document.name)])} />}
        </>
      )}
      <Export />
    </>
  );
}

/** For operations whose need no document says: the catalogue's own form, to look through, fill in and import. */
function Suggest({ documents, service, onUse }: { documents: Document[]; service: string; onUse: (document: Document) => void }) {
  const t = useText('catalog');
  const [suggested, setSuggested] = useState<Document>();
  const suggest = useChange(
    async (document: Document) => ({ name: `${document.name.replace(/\.\w+$/, '')}.suggested.yaml`, text: await suggestion(document, service) }),
    { onDone: setSuggested },
  );
  return (
    <Panel title={t('suggest')} lead={t('suggest_lead')}>
      <Stack gap="sm">
        <Group gap="xs">
          {documents.map((one) => <Button key={one.name} size="xs" variant="default" loading={suggest.isBusy} onClick={() => void suggest.run(one)}>{t('suggest_for', { name: one.name })}</Button>)}
        </Group>
        <FormError error={suggest.error} />
        {suggested && (
          <>
            <label className="l-suggested">
              <Text size="sm" fw={500}>{suggested.name}</Text>
              <textarea value={suggested.text} spellCheck={false} rows={14} onChange={(event) => setSuggested({ ...suggested, text: event.currentTarget.value })} />
            </label>
            <Group gap="xs">
              <Button size="xs" onClick={() => onUse(suggested)}>{t('suggest_use')}</Button>
              <Button size="xs" variant="default" leftSection={<Icon name="download" />} onClick={() => download(suggested.name, suggested.text, 'application/yaml')}>{t('download')}</Button>
            </Group>
          </>
        )}
      </Stack>
    </Panel>
  );
}

function Export() {
  const t = useText('catalog');
  const exporting = useChange(async () => download('llavero-catalog.yaml', await exported(), 'application/yaml'));
  return (
    <Panel title={t('export')} lead={t('export_lead')}>
      <Stack gap="sm" align="flex-start">
        <FormError error={exporting.error} />
        <Button variant="default" leftSection={<Icon name="download" />} loading={exporting.isBusy} onClick={() => void exporting.run(undefined)}>{t('download')}</Button>
      </Stack>
    </Panel>
  );
}
