import { expect, test } from 'vitest';

import { flameBoxes, flameTree, foundSamples, isFound, neighbour, colourOf } from './flame';

// main ─┬─ parse ── read   3 + 1
//       └─ wait            4
// other                    2
const stacks = [
  { stack: 'main;wait', samples: 4 },
  { stack: 'main;parse', samples: 3 },
  { stack: 'main;parse;read', samples: 1 },
  { stack: 'other', samples: 2 },
];
const root = flameTree(stacks, 'all');
const main = root.callees[0] ?? root;

test('a box is as wide as its share of the samples', () => {
  const drawn = flameBoxes(root).boxes.map(({ node, depth, left, width }) => [
    node.name,
    depth,
    Math.round(left),
    Math.round(width),
  ]);
  expect(drawn).toEqual([
    ['all', 0, 0, 100],
    ['main', 1, 0, 80],
    ['other', 1, 80, 20],
    ['parse', 2, 0, 40],
    ['wait', 2, 40, 40],
    ['read', 3, 0, 10],
  ]);
});

test('what is shown large fills the picture, below its callers', () => {
  const drawn = flameBoxes(main).boxes.map(({ node, depth, width, isBelow }) => [
    node.name,
    depth,
    Math.round(width),
    isBelow,
  ]);
  expect(drawn).toEqual([
    ['all', 0, 100, true],
    ['main', 1, 100, false],
    ['parse', 2, 50, false],
    ['wait', 2, 50, false],
    ['read', 3, 13, false],
  ]);
});

test('samples in which a function called itself count once', () => {
  const again = flameTree([{ stack: 'walk;walk;Walker', samples: 5 }], 'all');
  expect(foundSamples(again, ' WALK ')).toBe(5);
  expect(foundSamples(root, 'read')).toBe(1);
  expect(foundSamples(root, 'all')).toBe(0);
  expect(foundSamples(root, '')).toBe(0);
  expect(isFound(root, 'all')).toBe(false);
});

test('the arrows lead to the caller, the dearest callee and the neighbours', () => {
  const { boxes } = flameBoxes(root);
  const from = (name: string, key: string) => {
    const id = boxes.find((box) => box.node.name === name)?.node.id;
    const to = neighbour(boxes, id ?? '', key);
    return boxes.find((box) => box.node.id === to)?.node.name ?? null;
  };
  expect(from('main', 'ArrowDown')).toBe('parse');
  expect(from('main', 'ArrowRight')).toBe('other');
  expect(from('other', 'ArrowRight')).toBeNull();
  expect(from('parse', 'ArrowLeft')).toBeNull();
  expect(from('read', 'ArrowUp')).toBe('parse');
  expect(from('all', 'ArrowUp')).toBeNull();
  expect(from('read', 'Home')).toBe('all');
  expect(neighbour(boxes, 'gone', 'ArrowUp')).toBeNull();
});

test('hostile stacks neither hang nor crash the page', () => {
  const deep = Array.from({ length: 100_000 }, () => 'f').join(';');
  expect(flameBoxes(flameTree([{ stack: deep, samples: 1 }], 'all')).boxes).toHaveLength(201);
  const odd = flameTree([{ stack: '__proto__;constructor;', samples: 1 }], 'all');
  expect(flameBoxes(odd).boxes.map((box) => box.node.name)).toEqual([
    'all',
    '__proto__',
    'constructor',
    '',
  ]);
  const many = Array.from({ length: 100 }, (_, at) => ({
    stack: Array.from({ length: 100 }, (_, depth) => `${at}-${depth}`).join(';'),
    samples: 1,
  }));
  const { boxes, isCut } = flameBoxes(flameTree(many, 'all'));
  expect(isCut).toBe(true);
  expect(boxes.length).toBeLessThanOrEqual(3000);
  expect(flameBoxes(flameTree([], 'all')).boxes).toHaveLength(1);
});

test('a name has one colour', () => {
  expect(colourOf('main', 6)).toBe(colourOf('main', 6));
  expect(colourOf('\u{1F525}', 6)).toBeLessThan(6);
});
