// Edit a key in a dialog over its page. What somebody else saved meanwhile is shown, not overwritten.
import { Button, Group, Modal, Text } from '@mantine/core';
import { useState } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { queries, useChange } from '@/api/hooks';
import { ApiError } from '@/api/problem';
import { FormError, useErrorText } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useText } from '@/text/text';
import { keyQuery, keyReads } from './data';
import { changesOf, draftOf, type Faults, faultsOf, fieldOf, mergeDraft } from './draft';
import { Fields } from './Fields';
import type { Key } from './model';

export function KeyEdit({ item, lead, onDone, onClose }: { item: Key; lead?: string; onDone?: () => void; onClose: () => void }) {
  const t = useText('keys');
  const errorText = useErrorText();
  // What was read when the editing began, or after the last conflict.
  const [base, setBase] = useState(item);
  const [draft, setDraft] = useState(() => draftOf(item));
  const [faults, setFaults] = useState<Faults>({});
  const path = { appKey: item.appKey };
  const save = useChange(
    async () => {
      try {
        return await data(api.PATCH('/v1/keys/{appKey}', { params: { path, header: ifMatch(base) }, body: changesOf(draft, draftOf(base)) }));
      } catch (error) {
        if (error instanceof ApiError && error.isStale) {
          const theirs = await data(api.GET('/v1/keys/{appKey}', { params: { path } }));
          const merged = mergeDraft(draft, draftOf(base), draftOf(theirs), (_, value) => t('theirs', { value: value || t('theirs_empty') }));
          setDraft(merged.draft);
          setFaults(merged.told);
          setBase(theirs);
          queries.setQueryData(keyQuery(item.appKey), theirs);
        }
        throw error;
      }
    },
    {
      makesOld: keyReads(item.appKey),
      onDone: () => {
        toast(t('saved'));
        onDone?.();
        onClose();
      },
    },
  );
  const field = fieldOf(save.code);
  const shown: Faults = field && save.error ? { [field]: errorText(save.error), ...faults } : faults;
  const submit = () => {
    const before = draftOf(base);
    const found = faultsOf(draft, before, t);
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    if (Object.keys(changesOf(draft, before)).length === 0) onClose();
    else void save.run(undefined);
  };
  return (
    <Modal opened onClose={onClose} closeOnClickOutside={false} title={t('edit_title')} size="lg" closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {lead && <Text size="sm" c="dimmed" mb="md">{lead}</Text>}
        <Fields
          draft={draft}
          faults={shown}
          onChange={(next) => {
            setDraft(next);
            setFaults({});
            save.reset();
          }}
        />
        {!field && <div className="l-gap-top"><FormError error={save.error} /></div>}
        <Group justify="flex-end" gap="xs" mt="lg">
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={save.isBusy}>{t('save')}</Button>
        </Group>
      </form>
    </Modal>
  );
}
