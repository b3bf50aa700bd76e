import type { z } from 'zod';
import { configJsonSchema } from '../../../src/config/json-schema.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One option of the schema: `write.keys.0.name` stands for the names of all keys; `sources.1.url` is of the second type there is. */
export interface Option {
  path: string;
  schema: JsonSchema;
  isSection: boolean;
  /** May be left out, although there is no default for it. */
  isOptional: boolean;
}

/** Every option and section, as the JSON Schema has them. */
export function schemaOptions(schema: JsonSchema = configJsonSchema(), at: string[] = []): Option[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const inner = property as JsonSchema;
    const items = inner.properties ? [] : sectionsOf(inner.items as JsonSchema | undefined);
    const below = inner.properties
      ? schemaOptions(inner, [...at, key])
      : items.flatMap((section, i) => schemaOptions(section, [...at, key, String(i)]));
    const isSection = inner.properties !== undefined || items.length > 0;
    const isOptional = inner.default === undefined && !schema.required?.includes(key);
    return [{ path: [...at, key].join('.'), schema: inner, isSection, isOptional }, ...below];
  });
}

function sectionsOf(items: JsonSchema | undefined): JsonSchema[] {
  const variants = (items?.oneOf as JsonSchema[] | undefined) ?? [items];
  return variants.filter((variant): variant is JsonSchema => variant?.properties !== undefined);
}

/** What a dotted path names in a value. */
export function getAt(value: unknown, path: string): unknown {
  return path.split('.').reduce((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
