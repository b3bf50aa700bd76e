import { expect, test } from 'vitest';
import { errorShape } from '../../../docs/generate/json-shapes.ts';
import { errorJson, errorText } from '../../../src/cli/tell-error.ts';
import { toldError } from '../../../src/cli/told-error.ts';

/** Of the program itself, about a file whose name clears the terminal, in the ways that 7 and 8 bits have for it. */
const own = new TypeError('a\u001b[2J\u009b2J\u202eb.jpg is undefined');

test('an error of the program’s own brings its stack, for people and for programs', () => {
  const told = toldError(own, 'upstairs scan');
  expect(errorText(told)).toMatch(
    /report it, with what follows\n.*TypeError: .*\n {4}at .*tell-error\.test\.ts:\d+:\d+/,
  );
  const { error } = errorShape.parse(JSON.parse(errorJson(told)));
  expect(error).toMatchObject({ code: 'INTERNAL', stack: own.stack });
  expect(errorJson(told)).toMatch(/^[^\n]+\n$/);
});

test('an error that is not the program’s own has no stack', () => {
  const told = toldError(Object.assign(new Error('x'), { code: 'ENOSPC' }), 'upstairs scan');
  expect(errorText(told)).not.toMatch(/\n +at /);
  expect(JSON.parse(errorJson(told)).error).not.toHaveProperty('stack');
});

test('a name of a file does not speak to the terminal, not from a stack either', () => {
  const text = errorText(toldError(own, 'upstairs scan'));
  expect(text.match(/a\?\[2J\?2J\?b\.jpg is undefined/g)).toHaveLength(2);
  // The first word has the program's own colour.
  expect(text.slice(text.indexOf(' '))).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
});
