// A new resource, or how an existing one is called.
import { Autocomplete, Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { useChange, useIdempotencyKey } from '@/api/hooks';
import { useLatest } from '@/api/latest';
import { fieldErrors } from '@/parts/fields';
import { FormError, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useText } from '@/text/text';
import { nameOf, readResource, type Resource } from './catalog';

const EMPTY = { product: '', key: '', category: '', name: '' };
type Field = keyof typeof EMPTY;

export function ResourceDialog({ resource, products, onClose }: { resource?: Resource; products: string[]; onClose: () => void }) {
  const t = useText('catalog');
  const shell = useText('shell');
  const [typed, setTyped] = useState(resource ? { product: resource.product, key: resource.key, category: resource.category ?? '', name: resource.name ?? '' } : { ...EMPTY, product: products[0] ?? '' });
  const [asked, setAsked] = useState(false);
  const idempotency = useIdempotencyKey();
  const latest = useLatest(resource, () => readResource(resource!.id));
  const words = { category: typed.category.trim(), name: typed.name.trim() };
  const saving = useChange(
    () =>
      latest.guard((base) =>
        base
          ? data(api.PATCH('/v1/resources/{id}', { params: { path: { id: base.id }, header: ifMatch(base) }, body: words }))
          : data(
              api.POST('/v1/resources', {
                params: { header: idempotency.header() },
                body: { product: typed.product.trim(), key: typed.key.trim(), ...(words.category && { category: words.category }), ...(words.name && { name: words.name }) },
              }),
            ),
      ),
    {
      makesOld: [['resources'], ['routes'], ['profiles']],
      onDone: () => {
        toast(t(resource ? 'resource_saved' : 'resource_added'));
        onClose();
      },
    },
  );
  const type = (name: Field) => (value: string) => {
    setTyped((before) => ({ ...before, [name]: value }));
    saving.reset();
    if (!resource) idempotency.renew();
  };
  const { at, rest } = fieldErrors(saving.error, { product: ['records.resource_is_own'], key: ['records.resource_exists'] });
  const lacks = (name: Field) => (asked && !typed[name].trim() ? t('needed') : undefined);
  const isWhole = Boolean(typed.product.trim() && typed.key.trim());
  const { theirs } = latest;
  return (
    <Modal opened onClose={onClose} closeOnClickOutside={false} title={resource ? t('edit_resource', { name: nameOf(resource) }) : t('add_resource')} closeButtonProps={{ 'aria-label': shell('close') }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (isWhole) void saving.run(undefined);
        }}
      >
        <Stack gap="sm">
          {theirs && <Notice tone="warn">{t('resource_now', { category: theirs.category ?? '–', name: theirs.name ?? '–' })}</Notice>}
          {!resource && (
            <>
              <Autocomplete label={t('resource_product')} value={typed.product} onChange={type('product')} data={products} error={lacks('product') ?? at.product} required />
              <TextInput label={t('resource_key')} description={t('resource_key_why')} value={typed.key} onChange={(event) => type('key')(event.currentTarget.value)} error={lacks('key') ?? at.key} spellCheck={false} required data-autofocus />
            </>
          )}
          <TextInput label={t('resource_name')} description={t('resource_name_why')} value={typed.name} onChange={(event) => type('name')(event.currentTarget.value)} data-autofocus={resource ? true : undefined} />
          <TextInput label={t('resource_category')} value={typed.category} onChange={(event) => type('category')(event.currentTarget.value)} />
          <FormError error={rest} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{shell('cancel')}</Button>
            <Button type="submit" loading={saving.isBusy}>{resource ? t('save') : t('add_resource')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
