import { z } from 'zod';
import { configSchema } from './schema.ts';

const interpolation = '\\$\\{';

/**
 * JSON Schema (draft 2020-12) of the configuration file as it is written, for editors: sizes, durations and listen
 * addresses are text there. Wherever a form is asked for, `${...}` is allowed too.
 */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => allowInterpolation(jsonSchema),
  });
  return { ...schema, title: 'Upstairs configuration' };
}

/** zod calls an override once for each wrapper around a schema, hence the look at whether it was here before. */
function allowInterpolation(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.pattern !== undefined && !schema.pattern.endsWith(interpolation)) {
    schema.pattern = `(?:${schema.pattern})|${interpolation}`;
  }
  if (schema.enum !== undefined) {
    schema.anyOf = [
      { type: 'string', enum: schema.enum },
      { type: 'string', pattern: interpolation },
    ];
    delete schema.enum;
    delete schema.type;
  }
}
