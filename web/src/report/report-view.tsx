import type { Report } from '../api/types';
import { ProcessTreeView } from './process-tree-view';
import { StartFailureView } from './start-failure-view';

/** The report of a host, whatever was asked. */
export function ReportView({ report, host }: { report: Report; host: string }) {
  switch (report.analysis) {
    case 'analyze-ptree':
      return <ProcessTreeView tree={report} host={host} />;
    case 'diagnose-start-failure':
      return <StartFailureView report={report} host={host} />;
  }
}
