import { expect, test } from 'vitest';

import { catalogue } from '../text/catalogue';
import { detailText } from './detail';

test.each([
  [{}, ''],
  [null, ''],
  [{ role: 'viewer', disabled: true }, 'role: viewer; disabled: yes'],
  [{ hosts: 2, named: ['h1', 'h2'], wait_s: null }, 'hosts: 2; named: h1, h2'],
  [{ uses: 1, labels: { role: 'db' } }, 'uses: 1; labels: role=db'],
  [{ colour: 'red' }, 'colour: red'],
  [
    { question: { analysis: 'diagnose-start-failure', unit: 'nginx' } },
    'question: Why a unit does not start (unit=nginx)',
  ],
  [
    { question: { analysis: 'analyze-ptree', pid: null, recursive: false } },
    'question: Process tree',
  ],
  [{ question: { analysis: 'guess' } }, 'question: guess'],
])('%j reads %j', (detail, text) => {
  expect(detailText(detail, catalogue('en'))).toBe(text);
});

test('in Chinese too', () => {
  const text = detailText({ role: 'viewer', disabled: false }, catalogue('zh-CN'));
  expect(text).toBe('角色：viewer；停用：否');
});
