// The change that ends an alert, in its dialog, wherever the alert is shown.
import { KeyEdit } from './KeyEdit';
import { LinkDialog } from './LinkDialog';
import { TurnDialog } from './Dialogs';
import type { Alert, Key } from './model';
import { Rotate } from './Rotate';

export default function Resolve({ item, alert, onClose }: { item: Key; alert: Alert; onClose: () => void }) {
  switch (alert) {
    case 'unlinked':
      return <LinkDialog appKey={item.appKey} linked={item.profiles.map((link) => link.id)} onClose={onClose} />;
    case 'token_old':
    case 'token_very_old':
      return <Rotate item={item} onClose={onClose} />;
    case 'rotation_open':
      return <TurnDialog item={item} turn="finish-rotation" onClose={onClose} />;
    case 'expiring':
    case 'expired':
      return <KeyEdit item={item} onClose={onClose} />;
  }
}
