import { expect, test } from 'vitest';

import { linkToken, safeNext } from './next';

test.each([
  ['?next=%2Fhosts%2Fdb-03', '/hosts/db-03'],
  ['?next=%2Fdiagnose%3Funit%3Da', '/diagnose?unit=a'],
  ['', '/'],
  ['?next=%2F%2Fevil.example', '/'],
  ['?next=%2F%5Cevil.example', '/'],
  ['?next=https%3A%2F%2Fevil.example', '/'],
  ['?next=javascript%3Aalert(1)', '/'],
  ['?next=%2Flogin', '/'],
])('after the login of %j comes %j', (search, path) => {
  expect(safeNext(search)).toBe(path);
});

test('the token of a login link is read', () => {
  expect(linkToken('#link=abc_-9')).toBe('abc_-9');
  expect(linkToken('')).toBeNull();
});
