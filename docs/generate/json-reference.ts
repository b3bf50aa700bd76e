import { z } from 'zod';
import { errorShape, jsonShapes } from './json-shapes.ts';
import { code, generated, table } from './page.ts';

/** What is read of a JSON Schema. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

const introduction = `What commands print with \`--json\`: one JSON value on standard output, and nothing else there. Progress, notes and errors go to standard error.
Members that are not always there are marked \`?\`. New members may come; those that are here stay.`;

const errors = `## Errors

A command that fails before it has anything to tell prints nothing on standard output. With \`--json\` the last line of standard error is its error, as the admin listener answers errors; without it the
same stands there for people.`;

/** The shapes of --json as a page. */
export function jsonReference(): string {
  const parts = Object.entries(jsonShapes).map(([name, shape]) => `## ${name}\n\n${members(shape)}`);
  return `${generated('JSON', '`docs/generate/json-shapes.ts`, with which tests parse what is really printed', introduction)}\n${errors}\n\n${members(errorShape)}\n\n${parts.join('\n\n')}\n`;
}

function members(shape: z.ZodObject): string {
  return table(['member', 'type', 'what it is'], rowsOf(z.toJSONSchema(shape, { io: 'input' }) as Schema, ''));
}

function rowsOf({ properties = {}, required = [] }: Schema, before: string): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${before}${name}`;
    const row = [code(`${path}${required.includes(name) ? '' : '?'}`), typeOf(schema), schema.description ?? ''];
    return [row, ...rowsOf(schema.items ?? schema, schema.items ? `${path}[].` : `${path}.`)];
  });
}

function typeOf({ type = '', enum: words, items }: Schema): string {
  if (words) return words.map(code).join(' or ');
  return items ? `list of ${items.type}s` : type;
}
