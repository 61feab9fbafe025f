// The state of a key, and what calls for attention, as marks.
import { Mark } from '@/parts/States';
import { useText } from '@/text/text';
import { ALERT_TONES, type Alert, type Key, stateOf, TONES } from './model';

export function StateMark({ item }: { item: Key }) {
  const t = useText('keys');
  const state = stateOf(item);
  return <Mark tone={TONES[state]}>{t(`state_${state}`)}</Mark>;
}

export function AlertMark({ alert }: { alert: Alert }) {
  const t = useText('keys');
  return <Mark tone={ALERT_TONES[alert]}>{t(`alert_${alert}`)}</Mark>;
}
