import { expect, test } from 'vitest';

import { fieldsOf, parametersOf } from './schema-form';

const schema = {
  type: 'object',
  properties: {
    recursive: { type: 'boolean' },
    pid: { type: ['integer', 'null'], minimum: 0, description: 'Only this process.' },
    unit: { type: 'string' },
    odd: { type: 'array' },
  },
  required: ['unit'],
};

test('a form asks what the schema has, the required first', () => {
  expect(fieldsOf(schema).map(({ name, kind, required }) => [name, kind, required])).toEqual([
    ['unit', 'text', true],
    ['recursive', 'switch', false],
    ['pid', 'number', false],
  ]);
  expect(fieldsOf(null)).toEqual([]);
});

test('what is left empty is not sent, and numbers are numbers', () => {
  const fields = fieldsOf(schema);
  expect(parametersOf(fields, { unit: 'nginx', pid: '', recursive: false })).toEqual({
    unit: 'nginx',
  });
  expect(parametersOf(fields, { pid: '7', recursive: true })).toEqual({ pid: 7, recursive: true });
});
