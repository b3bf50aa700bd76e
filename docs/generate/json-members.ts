import { z } from 'zod';

/* Members of shapes, each with what it is. */

export const text = (what: string) => z.string().describe(what);
export const number = (what: string) => z.number().describe(what);
export const flag = (what: string) => z.boolean().describe(what);
export const moment = (what: string) => z.iso.datetime().describe(`${what}, ISO 8601 in UTC`);
export const ms = (what: string) => z.number().describe(`${what}, in milliseconds since the epoch`);
