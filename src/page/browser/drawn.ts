import type { GraphData, GraphName, Series } from '../graph-data.ts';
import { dashes, seriesColour, seriesFill } from './patterns.ts';

const height = 220;

/** One graph, drawn by uPlot, whose script stands before this one in the page. */
export function drawn(place: HTMLElement, name: GraphName, { times, from, to, series }: GraphData): uPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (variable: string) => style.getPropertyValue(variable).trim();
  const axis = { stroke: colour('--faint'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  const stacked = name !== 'latency';
  const lines = series[name];
  const options: uPlot.Options = {
    width: place.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { range: () => [from, to] }, y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    axes: [
      { ...axis, size: 28, values: (_plot, moments) => moments.map(timeText) },
      {
        ...axis,
        size: 64,
        values: (_plot, values) => values.map((value) => (name === 'copies' ? bytes(value) : plain(value))),
      },
    ],
    series: [{}, ...order(lines, stacked).map((i) => (stacked ? area : line)(lines[i]?.look ?? i))],
  };
  const columns = stacked ? sums(lines) : lines;
  const ordered = order(lines, stacked).map((i) => [...(columns[i]?.values ?? [])]);
  return new uPlot(options, [[...times], ...ordered], place);
}

/** The top of a stack is drawn first, and what is below it over that. */
function order(lines: readonly Series[], stacked: boolean): number[] {
  const forward = lines.map((_, i) => i);
  return stacked ? forward.reverse() : forward;
}

/** Each with what is below it in the stack. */
function sums(lines: readonly Series[]): Series[] {
  let below: readonly (number | null)[] = [];
  return lines.map(({ values, ...others }) => {
    below = values.map((value, i) => (value === null ? null : value + (below[i] ?? 0)));
    return { ...others, values: below };
  });
}

const noPoints = { points: { show: false }, spanGaps: false };

function area(i: number): uPlot.Series {
  return { ...noPoints, stroke: seriesColour(i), width: 1, fill: () => seriesFill(i) };
}

function line(i: number): uPlot.Series {
  return { ...noPoints, stroke: seriesColour(i), width: 2, dash: dashes[i % dashes.length] ?? [] };
}

/** In UTC, as all times of the page. */
function timeText(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  return text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16);
}

function plain(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${plain(value / 1000 ** unit)} ${units[unit]}`;
}
