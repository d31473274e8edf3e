import type { HostOrder, Report } from '../api/types';
import { FlameGraph } from './flame-graph';
import { ProcessTreeView } from './process-tree-view';
import { ReportText } from './report-text';
import { StartFailureView } from './start-failure-view';

interface Props {
  /** Id of the inquiry. */
  inquiry: string;
  order: HostOrder;
  report: Report;
}

/** The report of a host, whatever was asked: as a picture where there is one, else as text. */
export function ReportView({ inquiry, order, report }: Props) {
  switch (report.analysis) {
    case 'analyze-ptree':
      return <ProcessTreeView tree={report} host={order.host_name} />;
    case 'diagnose-start-failure':
      return <StartFailureView report={report} host={order.host_name} />;
    case 'profile-process':
      return (
        <>
          {report.stacks.length > 0 && <FlameGraph profile={report} host={order.host_name} />}
          <ReportText inquiry={inquiry} order={order.order_id} />
        </>
      );
    default:
      return <ReportText inquiry={inquiry} order={order.order_id} />;
  }
}
