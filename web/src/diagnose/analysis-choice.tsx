import type { Analysis, CatalogueEntry } from '../api/types';
import { useSay } from '../text/language';
import { length } from '../text/time';

interface Props {
  entries: CatalogueEntry[];
  chosen: Analysis;
  onChoose: (analysis: Analysis) => void;
}

/** The catalogue of what can be asked, with what each may do to the host. */
export function AnalysisChoice({ entries, chosen, onChoose }: Props) {
  const say = useSay();
  return (
    <fieldset className="analyses">
      <legend>{say('web-what')}</legend>
      {entries.map(({ analysis, tier, time_limit_ms: limit }) => (
        <label key={analysis} className="card" htmlFor={`ask-${analysis}`}>
          <input
            id={`ask-${analysis}`}
            type="radio"
            name="analysis"
            value={analysis}
            checked={analysis === chosen}
            onChange={() => onChoose(analysis)}
          />
          <span>
            <strong>{nameOf(analysis, say)}</strong>{' '}
            <span className="faint small">
              {say(`web-tier-${tier}`)} · {say('web-at-most', { length: length(limit, say) })}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** An analysis that this page is too old to know has its stable name. */
function nameOf(analysis: Analysis, say: ReturnType<typeof useSay>): string {
  const id = `web-analysis-${analysis}`;
  return say.has(id) ? say(id) : analysis;
}
