import type { Latency } from '../lib/service-times.ts';
import type { Source } from './source.ts';

/** A source on this machine: what its operations cost, and what of it cannot be used. */
export interface LocalDisk extends Source {
  /** Operations under way, and how many of them have outlived their deadline. */
  readonly load: { readonly outstanding: number; readonly stuck: number };
  /** Operations, of those under way or waiting, that somebody waits for. */
  readonly readers: number;
  /** What its operations took, of those that ended within so many milliseconds. */
  latency(withinMs: number): Latency;
  /** It owes so many answers that it is not asked any more until one comes. */
  readonly hung: boolean;
  /** Directories of it that are not there yet, each with the reason: nothing is served from them, and no absence is believed. */
  readonly absences: readonly string[];
}
