import type { z } from 'zod';
import { configJsonSchema } from '../../../src/config/json-schema.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One option of the schema: `sources.0.root` stands for the roots of all sources. */
export interface Option {
  path: string;
  schema: JsonSchema;
  isSection: boolean;
}

/** Every option and section, as the JSON Schema has them. */
export function schemaOptions(schema: JsonSchema = configJsonSchema(), at: string[] = []): Option[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const inner = property as JsonSchema;
    const items = sectionOf(inner.items as JsonSchema | undefined);
    const section = inner.properties ? inner : items;
    const below = section ? schemaOptions(section, [...at, key, ...(items ? ['0'] : [])]) : [];
    return [{ path: [...at, key].join('.'), schema: inner, isSection: section !== undefined }, ...below];
  });
}

function sectionOf(items: JsonSchema | undefined): JsonSchema | undefined {
  const inner = (items?.oneOf?.[0] as JsonSchema | undefined) ?? items;
  return inner?.properties ? inner : undefined;
}

/** What a dotted path names in a value. */
export function getAt(value: unknown, path: string): unknown {
  return path.split('.').reduce((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
