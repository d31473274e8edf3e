import { useState, type SyntheticEvent } from 'react';
import { useLocation, useSearch } from 'wouter';

import * as calls from '../api/calls';
import type { Analysis, CatalogueEntry, NewInquiry, Question } from '../api/types';
import { useMay } from '../login/session';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useLoaded } from '../parts/use-loaded';
import { useTitle } from '../parts/use-title';
import { useSay } from '../text/language';
import { AnalysisChoice } from './analysis-choice';
import { HostPicker } from './host-picker';
import { InquiryList } from './inquiry-list';
import { ParameterFields } from './parameter-fields';
import { fieldsOf, parametersOf, type Values } from './schema-form';
import { chosenNothing, type Target } from './target';

/** How long a question may wait for hosts that are off. */
const WAITS_S = [0, 3600, 86_400, 604_800] as const;

export function DiagnosePage() {
  const say = useSay();
  useTitle(say('web-diagnose'));
  const catalogue = useLoaded((signal) => calls.analyses(signal), 'analyses');
  const operator = useMay('operator');
  return (
    <>
      <h1>{say('web-diagnose')}</h1>
      <ProblemNote problem={catalogue.problem} />
      {!operator && <p className="note">{say('web-needs-operator')}</p>}
      <div className="beside">
        {operator && catalogue.data !== null && <AskForm entries={catalogue.data.analyses} />}
        <InquiryList />
      </div>
    </>
  );
}

function AskForm({ entries }: { entries: CatalogueEntry[] }) {
  const say = useSay();
  const [, navigate] = useLocation();
  const asked = new URLSearchParams(useSearch());
  const [analysis, setAnalysis] = useState<Analysis>(
    () =>
      entries.find((one) => one.analysis === asked.get('analysis'))?.analysis ??
      entries.find((one) => one.analysis === 'diagnose-start-failure')?.analysis ??
      entries[0]?.analysis ??
      'diagnose-start-failure',
  );
  const [values, setValues] = useState<Values>(() => ({ unit: asked.get('unit') ?? '' }));
  const [target, setTarget] = useState<Target>(() => ({ hosts: asked.getAll('host'), labels: {} }));
  const [wait, setWait] = useState<number>(0);
  const action = useAction();
  const fields = fieldsOf(entries.find((one) => one.analysis === analysis)?.parameters);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const body: NewInquiry = {
      // The schema of the catalogue says which parameters an analysis has; the server checks them.
      question: { analysis, ...parametersOf(fields, values) } as Question,
      hosts: target.hosts,
      labels: target.labels,
      ...(wait > 0 ? { wait_s: wait } : {}),
    };
    action.run(async () => {
      const inquiry = await calls.ask(body);
      navigate(`/diagnose/${inquiry.inquiry_id}`);
    });
  };
  return (
    <form className="ask" onSubmit={submit}>
      <AnalysisChoice entries={entries} chosen={analysis} onChoose={setAnalysis} />
      <ParameterFields key={analysis} fields={fields} values={values} onChange={setValues} />
      <HostPicker target={target} onChange={setTarget} />
      <ProblemNote problem={action.problem} />
      <div className="send">
        <label className="inline">
          {say('web-when-off')}
          <select value={wait} onChange={(event) => setWait(Number(event.target.value))}>
            {WAITS_S.map((seconds) => (
              <option key={seconds} value={seconds}>
                {say(`web-wait-${seconds}`)}
              </option>
            ))}
          </select>
        </label>
        {chosenNothing(target) && <p className="faint small">{say('web-choose-hosts')}</p>}
        <button type="submit" className="primary" disabled={action.busy || chosenNothing(target)}>
          {say(action.busy ? 'web-asking' : 'web-ask')}
        </button>
      </div>
    </form>
  );
}
