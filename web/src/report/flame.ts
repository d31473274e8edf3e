// A flame graph out of collapsed stacks: which boxes there are, and how wide they stand.

import type { CollapsedStack } from '../api/types';

/** Calls deeper than this are cut off, as in the SVG of the command. */
const DEEPEST = 200;
/** Narrower boxes (in percent of the picture) are not drawn: nobody sees them. */
const NARROWEST = 0.15;
/** More boxes are too much for a browser; the deepest are left out. */
const MOST_BOXES = 3000;

export interface FlameNode {
  /** Which call of which: indices among the callees, from the root. `0.2.1`. */
  id: string;
  name: string;
  samples: number;
  parent: FlameNode | null;
  /** By name, so that the picture of a second profile stands in the same order. */
  callees: FlameNode[];
}

export interface FlameBox {
  node: FlameNode;
  depth: number;
  /** In percent of the picture. */
  left: number;
  width: number;
  /** Stands below what is shown large. */
  isBelow: boolean;
}

export interface Flame {
  boxes: FlameBox[];
  /** Whether boxes were left out since there are too many. */
  isCut: boolean;
}

interface Draft {
  samples: number;
  callees: Map<string, Draft>;
}

/** The tree of calls; its root has all samples, and no name of its own. */
export function flameTree(stacks: readonly CollapsedStack[], name: string): FlameNode {
  const root: Draft = { samples: 0, callees: new Map() };
  for (const { stack, samples } of stacks) {
    root.samples += samples;
    let draft = root;
    for (const frame of stack.split(';', DEEPEST)) {
      let next = draft.callees.get(frame);
      if (next === undefined) {
        next = { samples: 0, callees: new Map() };
        draft.callees.set(frame, next);
      }
      next.samples += samples;
      draft = next;
    }
  }
  return finished(root, name, '0', null);
}

function finished(draft: Draft, name: string, id: string, parent: FlameNode | null): FlameNode {
  const node: FlameNode = { id, name, samples: draft.samples, parent, callees: [] };
  const sorted = [...draft.callees].sort(([a], [b]) => (a < b ? -1 : 1));
  node.callees = sorted.map(([callee, below], index) =>
    finished(below, callee, `${id}.${index}`, node),
  );
  return node;
}

/** The boxes when `focus` fills the picture, row by row. */
export function flameBoxes(focus: FlameNode): Flame {
  const boxes: FlameBox[] = [];
  for (let above = focus.parent; above !== null; above = above.parent) {
    boxes.unshift({ node: above, depth: 0, left: 0, width: 100, isBelow: true });
  }
  boxes.forEach((box, depth) => (box.depth = depth));
  let row: FlameBox[] = [{ node: focus, depth: boxes.length, left: 0, width: 100, isBelow: false }];
  while (row.length > 0) {
    if (boxes.length + row.length > MOST_BOXES) return { boxes, isCut: true };
    boxes.push(...row);
    row = row.flatMap(callees);
  }
  return { boxes, isCut: false };
}

function callees({ node, depth, left, width }: FlameBox): FlameBox[] {
  let begin = left;
  return node.callees.flatMap((callee) => {
    const share = (width * callee.samples) / Math.max(1, node.samples);
    const box = { node: callee, depth: depth + 1, left: begin, width: share, isBelow: false };
    begin += share;
    return share < NARROWEST ? [] : [box];
  });
}

/** Whether the function is one that was searched for. Nothing matches an empty search. */
export function isFound(node: FlameNode, query: string): boolean {
  const wanted = query.trim().toLowerCase();
  return wanted !== '' && node.parent !== null && node.name.toLowerCase().includes(wanted);
}

/** Samples in which what was searched for ran, or what it called; each counts once. */
export function foundSamples(node: FlameNode, query: string): number {
  if (isFound(node, query)) return node.samples;
  return node.callees.reduce((sum, callee) => sum + foundSamples(callee, query), 0);
}

/** Where an arrow key leads. `null`: nowhere. */
export function neighbour(boxes: readonly FlameBox[], id: string, key: string): string | null {
  const at = boxes.findIndex((box) => box.node.id === id);
  const box = boxes[at];
  if (box === undefined) return null;
  const same = (other: FlameBox | undefined) => (other?.depth === box.depth ? other.node.id : null);
  switch (key) {
    case 'ArrowLeft':
      return same(boxes[at - 1]);
    case 'ArrowRight':
      return same(boxes[at + 1]);
    case 'ArrowUp':
      return box.node.parent?.id ?? null;
    case 'ArrowDown': {
      const below = boxes.filter((other) => other.node.parent === box.node);
      below.sort((a, b) => b.width - a.width);
      return below[0]?.node.id ?? null;
    }
    case 'Home':
      return boxes[0]?.node.id ?? null;
    default:
      return null;
  }
}

/** One of so many colours, the same each time for the same name. */
export function colourOf(name: string, colours: number): number {
  let hash = 5381;
  for (const character of name) {
    hash = (Math.imul(hash, 33) ^ (character.codePointAt(0) ?? 0)) >>> 0;
  }
  return hash % colours;
}
