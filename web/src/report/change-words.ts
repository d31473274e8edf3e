// Changes in words, as analysis/src/text/start_failure/changes.rs.

import type { Change, Changed, FileChange, HowKnown } from '../api/types';
import type { Say } from '../text/catalogue';

export function changeText({ what, how_known }: Change, say: Say): string {
  const words = whatText(what, how_known, say);
  return how_known === 'timestamp' ? say('start-change-by-date', { change: words }) : words;
}

function whatText(what: Changed, known: HowKnown, say: Say): string {
  const orNothing = (text: string | null | undefined) => text || say('start-change-nothing');
  switch (what.kind) {
    case 'file': {
      const plain = fileText(what.how, known, say);
      const how = what.as_packaged === true ? say('start-file-as-packaged', { how: plain }) : plain;
      return say('start-change-file', {
        role: say(`start-role-${what.role}`),
        path: what.path,
        how,
      });
    }
    case 'package': {
      const { before, after } = what;
      const id = before == null ? 'installed' : after == null ? 'removed' : 'upgraded';
      const versions = { before: before ?? '', after: after ?? '' };
      return say('start-change-package', {
        name: what.name,
        versions: say(`start-package-${id}`, versions),
        part: say(`start-part-${what.brings}`),
      });
    }
    case 'setting':
    case 'account':
      return say(`start-change-${what.kind}`, {
        name: what.name,
        before: orNothing(what.before),
        after: orNothing(what.after),
      });
    case 'mount':
      return say('start-change-mount', {
        point: what.point,
        before: orNothing(what.before),
        after: orNothing(what.after),
      });
    case 'boot': {
      const { kernel_before: before, kernel: after } = what;
      if (before == null || after == null || before === after) return say('start-change-boot');
      return say('start-change-kernel', { before, after });
    }
  }
}

function fileText(how: FileChange, known: HowKnown, say: Say): string {
  if (how.is === 'permissions') {
    return say('start-file-permissions', { before: how.before, after: how.after });
  }
  const date = how.is === 'modified' && known === 'timestamp' ? '-date' : '';
  return say(`start-file-${how.is}${date}`);
}
