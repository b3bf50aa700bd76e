import { S3Error } from './s3-error.ts';

/** A parameter that is a decimal number. Undefined: it is not there, or empty. Throws InvalidArgument. */
export function numberAsked(name: string, value: string | undefined, least: number, most: number): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new S3Error('InvalidArgument', `${name} must be a number from ${least} to ${most}.`);
}
