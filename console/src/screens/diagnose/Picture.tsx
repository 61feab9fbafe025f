// The decision as a row of stations: green as far as it came, red where it stopped, faint beyond.
import { Icon, type IconName } from '@/parts/icons';
import { useText } from '@/text/text';
import type { Step } from './ask';

const ICONS: Record<string, IconName> = { passed: 'check', failed: 'close', skipped: 'more', not_reached: 'more' };

export function Picture({ steps }: { steps: Step[] }) {
  const t = useText('diagnose');
  return (
    <ol className="l-stations" aria-label={t('steps')}>
      {steps.map((step) => (
        <li key={step.name} className="l-station" data-outcome={step.outcome} aria-current={step.outcome === 'failed' ? 'step' : undefined}>
          <span className="l-station-dot"><Icon name={ICONS[step.outcome] ?? 'more'} size={12} /></span>
          <div className="l-station-text">
            <span className="l-station-name">
              {t(`step_${step.name}`)}
              <span className="l-hidden">: {t(`outcome_${step.outcome}`)}</span>
            </span>
            {step.outcome !== 'not_reached' && <span className="l-station-detail">{step.text}</span>}
          </div>
        </li>
      ))}
    </ol>
  );
}
