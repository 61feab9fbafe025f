// Names of what can happen, for people.
import { useCallback } from 'react';
import { useText } from '@/text/text';

export const ACTIONS = [
  'key.create', 'key.edit', 'key.link', 'key.unlink', 'key.rotate', 'key.finish_rotation', 'key.cancel_rotation', 'key.activate', 'key.deactivate', 'key.revoke',
  'key.import', 'key.handover', 'key.handover_open', 'key.handover_void', 'profile.create', 'profile.edit', 'profile.delete', 'user.create', 'user.edit', 'user.email', 'user.profiles', 'user.suspend',
  'user.activate', 'user.erase', 'user.enrol', 'user.enrolment_open', 'user.password', 'user.second_factor', 'user.codes_hold', 'user.codes_refuse', 'user.recovery_codes', 'user.recovery_used', 'user.reset', 'session.begin',
  'session.confirm', 'session.confirm_refuse', 'session.end', 'session.refuse', 'owner.invite', 'owner.accept', 'owner.cancel', 'owner.leave', 'owner.transfer', 'management_token.create', 'management_token.revoke',
  'account.create', 'account.edit', 'account.activate', 'account.suspend', 'account.host_add', 'account.host_remove', 'resource.create', 'resource.edit', 'resource.delete', 'route.create',
  'route.edit', 'route.delete', 'service.create', 'service.edit', 'service.delete', 'predefined.create', 'predefined.edit', 'predefined.delete', 'installation.create', 'installation.new_epoch',
];

const known = new Set(ACTIONS);

/** "Key created"; one that this console does not know yet keeps its code. */
export function useActionText(): (action: string) => string {
  const t = useText('events');
  return useCallback((action) => (known.has(action) ? t(`action_${action.replace('.', '_')}`) : action), [t]);
}

const FIELDS = new Set([
  'account', 'address', 'addresses', 'agent', 'aliases', 'appKey', 'basePath', 'caseInsensitive', 'category', 'count', 'createdAt', 'createdBy', 'displayName', 'email', 'endsAt', 'enrolled', 'epoch', 'expiresAt',
  'external', 'externalId', 'handlesKeys', 'handover', 'hosts', 'id', 'key', 'kind', 'label', 'limits', 'managesInstallation', 'metadata', 'method', 'name', 'needs', 'openedAt', 'owner', 'ownerId', 'path',
  'per', 'preflight', 'product', 'profile', 'profiles', 'quota', 'rate', 'reason', 'resources', 'retiredAt', 'revokedAt', 'rights', 'rotation', 'semicolon', 'service', 'session', 'state', 'tokens', 'unmapped',
  'usedAt', 'version',
]);

/** "Rotation: ends": the field's way, word by word; what people named themselves (metadata) stays as it is. */
export function useFieldText(): (name: string) => string {
  const t = useText('events');
  return useCallback(
    (name) => {
      const way = name.split('.');
      const own = way[0] === 'metadata' ? 1 : way.length;
      return way.map((word, at) => (at < own && FIELDS.has(word) ? t(`field_${word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`) : word)).join(': ');
    },
    [t],
  );
}

/** "Operator", "Management token 3", or a user's name. */
export function useActorText(names: Map<string, string>): (id: string) => string {
  const t = useText('events');
  return useCallback(
    (id) => {
      const [kind, rest = ''] = id.split(/:(.*)/);
      if (names.has(id)) return names.get(id)!;
      if (kind === 'operator' || kind === 'system' || kind === 'token' || kind === 'user') return t(`actor_${kind}`, { id: rest });
      return id;
    },
    [names, t],
  );
}
